package io.adapt4j.core.internal.nn;

/** The tokens that stand where a text has none. */
public record SequenceTokens(int start, int padding, boolean startsWithLast) {}
