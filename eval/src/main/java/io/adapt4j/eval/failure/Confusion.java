package io.adapt4j.eval.failure;

/**
 * One answer taken for another.
 *
 * @param expected the right answer
 * @param got what was answered instead
 * @param count on how many items
 */
public record Confusion(String expected, String got, long count) {}
