package io.adapt4j.core.internal.nn.sequence;

/** Start and padding tokens of an encoder-decoder. */
public record SequenceTokens(int start, int padding, boolean startsWithLast) {}
