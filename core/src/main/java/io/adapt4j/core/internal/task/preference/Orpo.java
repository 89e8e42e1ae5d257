package io.adapt4j.core.internal.task.preference;

/**
 * Odds ratio preference optimization.
 *
 * @param lambda weight of the odds ratio
 */
public record Orpo(double lambda) implements LossSettings {}
