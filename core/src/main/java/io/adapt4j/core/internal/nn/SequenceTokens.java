package io.adapt4j.core.internal.nn;

/**
 * The tokens that stand where a text has none.
 *
 * @param start stands before the first token that a decoder writes
 * @param padding stands where a target is ignored
 */
public record SequenceTokens(int start, int padding) {}
