package io.adapt4j.core.internal.plan;

/**
 * A part of a prediction.
 *
 * @param name what takes the memory
 * @param bytes how much
 */
public record MemoryItem(String name, long bytes) {}
