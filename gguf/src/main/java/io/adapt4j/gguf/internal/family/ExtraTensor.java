package io.adapt4j.gguf.internal.family;

/** A vector that a GGUF file has and checkpoints do not. */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraTensor(String name, float[] values) {}
