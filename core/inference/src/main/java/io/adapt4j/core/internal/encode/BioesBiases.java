package io.adapt4j.core.internal.encode;

/** Biases of transitions between BIOES labels, as {@code TokenClassifier.TransitionBiases}. */
public record BioesBiases(
    double backgroundStay,
    double backgroundToStart,
    double insideToContinue,
    double insideToEnd,
    double endToBackground,
    double endToStart) {

  public static final BioesBiases NONE = new BioesBiases(0, 0, 0, 0, 0, 0);
}
