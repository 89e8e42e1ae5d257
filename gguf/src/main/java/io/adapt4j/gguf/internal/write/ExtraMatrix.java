package io.adapt4j.gguf.internal.write;

/**
 * A matrix in a file that is not among the checkpoint's tensors. Shape of {@code weight}: [out,
 * in], row by row.
 */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraMatrix(String name, int in, int out, float[] weight, boolean isSmall) {}
