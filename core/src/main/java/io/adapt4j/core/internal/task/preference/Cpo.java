package io.adapt4j.core.internal.task.preference;

/**
 * Contrastive preference optimization.
 *
 * @param beta multiplies the difference of log-probabilities
 * @param alpha weight of the cross-entropy of the chosen answers
 * @param labelSmoothing share of pairs that are taken to be the wrong way round
 */
public record Cpo(double beta, double alpha, double labelSmoothing) implements LossSettings {}
