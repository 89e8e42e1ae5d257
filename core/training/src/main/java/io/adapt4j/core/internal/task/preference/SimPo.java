package io.adapt4j.core.internal.task.preference;

/** Settings of simple preference optimization (SimPO). */
public record SimPo(double beta, double gamma, double labelSmoothing, double alpha)
    implements LossSettings {}
