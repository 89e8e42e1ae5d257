/**
 * Networks: decoders, encoders and encoder-decoders built from the shared parts in the packages
 * below.
 *
 * <p>Adapters and quantized layers replace a dense layer through {@link
 * io.adapt4j.core.internal.nn.linear.Linear}; the decoder does not know which it runs.
 */
package io.adapt4j.core.internal.nn;
