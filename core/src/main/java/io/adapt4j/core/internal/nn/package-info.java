/**
 * Decoder language models built from shared parts: attention, gated MLP, norms and residuals, and
 * the families that put them together.
 *
 * <p>{@link io.adapt4j.core.internal.nn.Linear} is the seam at which adapters and quantized layers
 * take the place of a dense one; the decoder does not know which it runs.
 */
package io.adapt4j.core.internal.nn;
