package io.adapt4j.core.internal.nn;

/**
 * Norms of queries and keys.
 *
 * @param query the queries' norm
 * @param key the keys' norm
 * @param perHead whether each head is normalized by itself (Qwen 3, Gemma 3) or the whole width at
 *     once (OLMo 2)
 * @param afterRotary whether rotary positions are applied before them (Hunyuan) rather than after;
 *     only of each head by itself
 */
public record QueryKeyNorm(Norm query, Norm key, boolean perHead, boolean afterRotary) {}
