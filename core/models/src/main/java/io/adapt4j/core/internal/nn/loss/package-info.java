/** Losses of language models, encoders and encoder-decoders. */
package io.adapt4j.core.internal.nn.loss;
