package io.adapt4j.gguf.internal.layout;

/** A vector that a GGUF file has and checkpoints do not. */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraTensor(String name, float[] values) {}
