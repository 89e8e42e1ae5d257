/** OFT: rotations of the input of projections. */
@NullMarked
package io.adapt4j.lora.internal.oft;

import org.jspecify.annotations.NullMarked;
