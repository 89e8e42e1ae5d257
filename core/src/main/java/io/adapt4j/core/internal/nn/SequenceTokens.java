package io.adapt4j.core.internal.nn;

/**
 * The tokens that stand where a text has none.
 *
 * @param start stands before the first token that a decoder writes
 * @param padding stands where a target is ignored
 * @param startsWithLast whether, in training, each text's last target stands before its first
 *     instead: mBART's texts end with their language
 */
public record SequenceTokens(int start, int padding, boolean startsWithLast) {}
