/** Image towers and their projectors, and models of pictures and texts or classes. */
@NullMarked
package io.adapt4j.vision.internal.tower;

import org.jspecify.annotations.NullMarked;
