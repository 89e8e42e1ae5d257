package io.adapt4j.eval.metric;

/**
 * A chrF score.
 *
 * @param score from 0 to 100
 * @param signature how it was computed, as sacrebleu writes it
 */
public record ChrfScore(double score, String signature) {}
