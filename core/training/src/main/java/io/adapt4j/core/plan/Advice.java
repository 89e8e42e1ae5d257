package io.adapt4j.core.plan;

/**
 * A change that reduces the memory of a run.
 *
 * @param change the change, in words
 * @param bytes the predicted peak with it
 * @param fits whether the run then fits the device
 */
public record Advice(String change, long bytes, boolean fits) {}
