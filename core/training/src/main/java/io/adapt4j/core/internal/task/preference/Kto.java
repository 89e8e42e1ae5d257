package io.adapt4j.core.internal.task.preference;

/** Settings of Kahneman-Tversky optimization (KTO). */
public record Kto(
    double beta, double desirableWeight, double undesirableWeight, boolean estimatesDivergence)
    implements LossSettings {}
