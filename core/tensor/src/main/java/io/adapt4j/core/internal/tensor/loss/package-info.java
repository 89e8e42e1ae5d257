/** Losses over classes and over a vocabulary, computed in chunks. */
package io.adapt4j.core.internal.tensor.loss;
