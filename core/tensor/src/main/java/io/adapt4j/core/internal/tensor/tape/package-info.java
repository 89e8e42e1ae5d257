/** Gradients: trainable parameters, and the tape that records operators. */
package io.adapt4j.core.internal.tensor.tape;
