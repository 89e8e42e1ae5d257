package io.adapt4j.gguf.internal.write;

/**
 * A matrix that a file has and the checkpoint's own tensors do not.
 *
 * @param name its name in the file
 * @param in the width of what it reads
 * @param out the width of what it gives
 * @param weight [out, in], row by row
 * @param isSmall whether it is so small that it stays in F32 in files of every type
 */
@SuppressWarnings("ArrayRecordComponent")
public record ExtraMatrix(String name, int in, int out, float[] weight, boolean isSmall) {}
