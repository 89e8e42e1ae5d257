package io.adapt4j.core.internal.task.preference;

/** Settings of odds ratio preference optimization (ORPO). */
public record Orpo(double lambda) implements LossSettings {}
