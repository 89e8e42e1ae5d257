package io.adapt4j.eval.stats;

/**
 * Two models on the same rows.
 *
 * @param difference the first one's metric less the second one's
 * @param pValue how likely a difference at least so large, in either direction, is where the models
 *     do not differ
 * @param wins rows on which the first is better
 * @param ties rows on which both are equal
 * @param losses rows on which the second is better
 */
public record Comparison(
    ConfidenceInterval difference, double pValue, long wins, long ties, long losses) {}
