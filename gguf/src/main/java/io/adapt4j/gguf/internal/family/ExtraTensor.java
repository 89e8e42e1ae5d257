package io.adapt4j.gguf.internal.family;

/**
 * A vector that a GGUF file has and checkpoints do not.
 *
 * @param name its name in the file
 * @param values its values
 */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraTensor(String name, float[] values) {}
