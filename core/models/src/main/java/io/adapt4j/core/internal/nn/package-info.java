/**
 * Transformers built from shared parts: attention, gated MLP, norms and residuals, and the families
 * that combine them.
 *
 * <p>Adapters and quantized layers replace a dense layer through {@link
 * io.adapt4j.core.internal.nn.Linear}; the decoder does not know which it runs.
 */
package io.adapt4j.core.internal.nn;
