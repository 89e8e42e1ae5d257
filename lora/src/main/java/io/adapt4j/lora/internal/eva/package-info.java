/** EVA: initial values from the inputs that projections get on the training data. */
@NullMarked
package io.adapt4j.lora.internal.eva;

import org.jspecify.annotations.NullMarked;
