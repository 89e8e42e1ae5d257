package io.adapt4j.core.internal.task.preference;

/** Simple preference optimization. */
public record SimPo(double beta, double gamma, double labelSmoothing, double alpha)
    implements LossSettings {}
