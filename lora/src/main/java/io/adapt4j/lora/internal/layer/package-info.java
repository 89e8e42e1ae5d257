/** Layers of adapters: low-rank matrices, magnitudes, biases and vectors. */
@NullMarked
package io.adapt4j.lora.internal.layer;

import org.jspecify.annotations.NullMarked;
