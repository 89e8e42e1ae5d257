package io.adapt4j.eval.stats;

/**
 * Comparison of two models on the same rows.
 *
 * @param difference the first one's metric minus the second one's
 * @param pValue probability of a difference at least this large, in either direction, if the models
 *     do not differ
 * @param wins rows on which the first is better
 * @param ties rows on which both are equal
 * @param losses rows on which the second is better
 */
public record Comparison(
    ConfidenceInterval difference, double pValue, long wins, long ties, long losses) {}
