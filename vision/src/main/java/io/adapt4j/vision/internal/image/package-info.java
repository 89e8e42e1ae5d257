/** Decoding and resizing of pictures, equal to Pillow's and torchvision's to the byte. */
@NullMarked
package io.adapt4j.vision.internal.image;

import org.jspecify.annotations.NullMarked;
