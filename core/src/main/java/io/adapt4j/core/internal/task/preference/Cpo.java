package io.adapt4j.core.internal.task.preference;

/** Contrastive preference optimization. */
public record Cpo(double beta, double alpha, double labelSmoothing) implements LossSettings {}
