package io.adapt4j.core.internal.nn;

/** The sizes of a model that its users ask for. */
public record Dimensions(int hiddenSize, int layers, int vocabularySize, int contextLength) {}
