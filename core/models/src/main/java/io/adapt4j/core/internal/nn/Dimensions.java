package io.adapt4j.core.internal.nn;

/** Sizes of a model that callers need. */
public record Dimensions(int hiddenSize, int layers, int vocabularySize, int contextLength) {}
