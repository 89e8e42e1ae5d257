package io.adapt4j.eval.metric;

/**
 * Count of one answer given instead of another.
 *
 * @param expected the right answer
 * @param got the answer given
 * @param count number of times
 */
public record Confusion(String expected, String got, long count) {}
