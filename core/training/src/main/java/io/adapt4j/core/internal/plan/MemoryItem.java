package io.adapt4j.core.internal.plan;

/** A named part of predicted memory. */
public record MemoryItem(String name, long bytes) {}
