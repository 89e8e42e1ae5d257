package io.adapt4j.lora;

/**
 * The matrices of experts whose weights lie in one tensor.
 *
 * @param in columns of an expert's A
 * @param out rows of an expert's B
 * @param transposed whether checkpoints store the weights as [experts, in, out]
 */
record StackSize(long in, long out, boolean transposed) {}
