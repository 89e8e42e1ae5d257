package io.adapt4j.core.internal.task.preference;

/**
 * Simple preference optimization.
 *
 * @param beta multiplies the difference of both means
 * @param gamma the margin to reach
 * @param labelSmoothing share of pairs that are taken to be the wrong way round
 * @param alpha weight of the cross-entropy of the chosen answers
 */
public record SimPo(double beta, double gamma, double labelSmoothing, double alpha)
    implements LossSettings {}
