package io.adapt4j.core.internal.plan;

/** A part of a prediction. */
public record MemoryItem(String name, long bytes) {}
