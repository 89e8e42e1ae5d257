package io.adapt4j.core.internal.tensor;

/**
 * Heads of a joined projection: queries, then keys, then values.
 *
 * @param query number of query heads
 * @param keyValue number of key heads, and of value heads
 * @param dim entries a head
 */
public record JoinedHeads(long query, long keyValue, long dim) {}
