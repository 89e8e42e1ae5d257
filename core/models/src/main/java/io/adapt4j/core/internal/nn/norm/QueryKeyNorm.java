package io.adapt4j.core.internal.nn.norm;

/**
 * Norms of queries and keys.
 *
 * @param perHead whether each head is normalized separately (Qwen 3, Gemma 3) or the whole width at
 *     once (OLMo 2)
 */
public record QueryKeyNorm(Norm query, Norm key, boolean perHead, boolean afterRotary) {}
