package io.adapt4j.lora.internal.peft;

/**
 * Size of the LoRA matrices of stacked experts.
 *
 * @param transposed whether checkpoints store the weights as [experts, in, out]
 */
public record StackSize(long in, long out, boolean transposed) {}
