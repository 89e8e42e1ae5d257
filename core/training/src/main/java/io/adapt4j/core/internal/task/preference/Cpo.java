package io.adapt4j.core.internal.task.preference;

/** Settings of contrastive preference optimization (CPO). */
public record Cpo(double beta, double alpha, double labelSmoothing) implements LossSettings {}
