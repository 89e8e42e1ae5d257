package io.adapt4j.eval.metric;

/**
 * How often one answer was given instead of another.
 *
 * @param expected the right answer
 * @param got the answer given
 * @param count how often
 */
public record Confusion(String expected, String got, long count) {}
