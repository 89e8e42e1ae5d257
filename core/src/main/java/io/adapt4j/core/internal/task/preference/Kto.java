package io.adapt4j.core.internal.task.preference;

/** Kahneman-Tversky optimization. */
public record Kto(
    double beta, double desirableWeight, double undesirableWeight, boolean estimatesDivergence)
    implements LossSettings {}
