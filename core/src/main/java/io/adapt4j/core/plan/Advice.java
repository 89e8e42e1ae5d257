package io.adapt4j.core.plan;

/**
 * A change that makes a run smaller.
 *
 * @param change what to change, in words
 * @param bytes the predicted peak after it
 * @param fits whether it then fits the device
 */
public record Advice(String change, long bytes, boolean fits) {}
