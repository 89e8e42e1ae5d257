package io.adapt4j.core.internal.tensor.op;

/** Number and width of heads in a joined projection: queries, then keys, then values. */
public record JoinedHeads(long query, long keyValue, long dim) {}
