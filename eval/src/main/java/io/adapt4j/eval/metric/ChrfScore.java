package io.adapt4j.eval.metric;

/**
 * A chrF score.
 *
 * @param score from 0 to 100
 * @param signature the settings, as sacrebleu writes them
 */
public record ChrfScore(double score, String signature) {}
