package io.adapt4j.core.internal.nn;

/**
 * The sizes of a model that its users ask for.
 *
 * @param hiddenSize width of the hidden states
 * @param layers number of layers
 * @param vocabularySize rows of the token embedding
 * @param contextLength the most tokens of a sequence
 */
public record Dimensions(int hiddenSize, int layers, int vocabularySize, int contextLength) {}
