package io.adapt4j.core.internal.task.preference;

/**
 * Kahneman-Tversky optimization.
 *
 * @param beta how closely the model is held to the reference
 * @param desirableWeight weight of wanted answers
 * @param undesirableWeight weight of unwanted answers
 * @param estimatesDivergence whether the divergence from the reference is estimated; else it is 0
 */
public record Kto(
    double beta, double desirableWeight, double undesirableWeight, boolean estimatesDivergence)
    implements LossSettings {}
