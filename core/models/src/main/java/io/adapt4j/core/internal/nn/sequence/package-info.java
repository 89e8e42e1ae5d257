/** Layers of encoder-decoders: both sides, their positions and cross-attention caches. */
package io.adapt4j.core.internal.nn.sequence;
