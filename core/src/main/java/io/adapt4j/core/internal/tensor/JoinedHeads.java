package io.adapt4j.core.internal.tensor;

/** Heads of a joined projection: queries, then keys, then values. */
public record JoinedHeads(long query, long keyValue, long dim) {}
