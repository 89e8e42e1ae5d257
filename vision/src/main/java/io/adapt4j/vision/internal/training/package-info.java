/** Training of models on rows with pictures. */
@NullMarked
package io.adapt4j.vision.internal.training;

import org.jspecify.annotations.NullMarked;
