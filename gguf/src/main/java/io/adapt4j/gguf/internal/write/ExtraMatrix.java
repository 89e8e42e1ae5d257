package io.adapt4j.gguf.internal.write;

/**
 * A matrix that a file has and the checkpoint's own tensors do not.
 *
 * @param weight [out, in], row by row
 */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraMatrix(String name, int in, int out, float[] weight, boolean isSmall) {}
