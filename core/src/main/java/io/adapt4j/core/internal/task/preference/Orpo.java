package io.adapt4j.core.internal.task.preference;

/** Odds ratio preference optimization. */
public record Orpo(double lambda) implements LossSettings {}
