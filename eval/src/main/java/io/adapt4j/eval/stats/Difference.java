package io.adapt4j.eval.stats;

/**
 * How far a figure of one model is from another's.
 *
 * @param interval the difference
 * @param pValue how likely a difference at least so large, in either direction, is where the models
 *     do not differ
 */
public record Difference(Interval interval, double pValue) {}
