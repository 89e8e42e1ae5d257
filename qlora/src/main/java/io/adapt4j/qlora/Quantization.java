package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.PackedBytes;
import io.adapt4j.core.internal.nn.Packing;
import io.adapt4j.core.internal.nn.WeightFormat;
import io.adapt4j.kernels.internal.FourBitFormat;
import java.util.Objects;

/**
 * How weights are quantised to 4 bits. Blocks run along the flattened tensor; the last one may be
 * short. As the format of a model's weights it quantises all linear layers inside the layers;
 * {@link QuantiseOptions} can leave some out.
 *
 * @param type the number format
 * @param blockSize weights that share a scale: a power of two from 64 to 4096
 * @param doubleQuantised whether the scales themselves are stored in 8 bits, in blocks of {@value
 *     FourBitFormat#SCALE_BLOCK} after their mean is subtracted (QLoRA, section 3): at blocks of 64
 *     this saves 0.37 bits a weight
 */
public record Quantization(QuantType type, int blockSize, boolean doubleQuantised)
    implements WeightFormat {

  /** The block size where none is given. */
  public static final int DEFAULT_BLOCK = 64;

  /**
   * Makes a quantisation.
   *
   * @param type the number format
   * @param blockSize weights that share a scale
   * @param doubleQuantised whether the scales are stored in 8 bits
   * @throws IllegalArgumentException if the block size is not a power of two from 64 to 4096
   */
  public Quantization {
    Objects.requireNonNull(type, "type");
    FourBitFormat.requireBlockSize(blockSize);
  }

  /**
   * NF4 in blocks of 64 with double quantisation, as in the QLoRA paper.
   *
   * @return the quantisation
   */
  public static Quantization nf4() {
    return new Quantization(QuantType.NF4, DEFAULT_BLOCK, true);
  }

  /**
   * FP4 in blocks of 64 with double quantisation.
   *
   * @return the quantisation
   */
  public static Quantization fp4() {
    return new Quantization(QuantType.FP4, DEFAULT_BLOCK, true);
  }

  /**
   * Returns this quantisation with another block size.
   *
   * @param size weights that share a scale: a power of two from 64 to 4096
   * @return a new quantisation
   * @throws IllegalArgumentException if the block size is another
   */
  public Quantization blockSize(int size) {
    return new Quantization(type, size, doubleQuantised);
  }

  /**
   * Returns this quantisation with or without double quantisation.
   *
   * @param on whether the scales are stored in 8 bits
   * @return a new quantisation
   */
  public Quantization doubleQuant(boolean on) {
    return new Quantization(type, blockSize, on);
  }

  /** The same for the kernels. */
  FourBitFormat format() {
    return new FourBitFormat(type.code, blockSize, doubleQuantised);
  }

  @Override
  public String description() {
    return format().description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources.install(format(), SkippedModules.NONE, declared, checkpoint);
  }

  @Override
  public Packing packing() {
    return FourBitSizes.packing(format(), SkippedModules.NONE);
  }

  /**
   * Works out what a tensor takes in memory, to the byte.
   *
   * @param elements how many weights it has, at least 1
   * @return two codes a byte; a scale a block, of one byte where scales are quantised themselves
   *     and of four where they are not; and the 16 numbers, the 256 of the scales, their mean and a
   *     scale for each {@value FourBitFormat#SCALE_BLOCK} of them
   */
  public PackedBytes bytes(long elements) {
    return FourBitSizes.of(format(), elements);
  }
}
