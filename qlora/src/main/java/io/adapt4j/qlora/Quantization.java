package io.adapt4j.qlora;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.FourBitFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Quantization of weights to 4 or 8 bits. 4-bit blocks run along the flattened tensor, 8-bit blocks
 * along a row; the last one may be short. As a model's weight format, it quantizes all linear
 * projections of the layers except those of {@link #skip}; embeddings, norms and, unless {@link
 * #outputLayer} is set, the output layer keep their type. Immutable.
 */
public final class Quantization implements WeightFormat {

  /** The default block size. */
  public static final int DEFAULT_BLOCK = 64;

  /** The only block size of 8 bits. */
  static final int INT8_BLOCK = 32;

  private final QuantType type;
  private final int blockSize;
  private final boolean doubleQuantized;
  private final Set<String> skipped;
  private final boolean outputLayer;

  Quantization(
      QuantType type,
      int blockSize,
      boolean doubleQuantized,
      Set<String> skipped,
      boolean outputLayer) {
    if (type != QuantType.INT8) {
      FourBitFormat.requireBlockSize(blockSize);
    } else if (blockSize != INT8_BLOCK || doubleQuantized) {
      throw new IllegalArgumentException(
          "int8: expected blockSize 32 and no double quantization, found blockSize "
              + blockSize
              + (doubleQuantized ? " and double quantization" : ""));
    }
    this.type = Objects.requireNonNull(type, "type");
    this.blockSize = blockSize;
    this.doubleQuantized = doubleQuantized;
    this.skipped = Set.copyOf(skipped);
    this.outputLayer = outputLayer;
  }

  Quantization(QuantType type, int blockSize, boolean doubleQuantized) {
    this(type, blockSize, doubleQuantized, Set.of(), false);
  }

  /**
   * NF4 in blocks of 64 with double quantization, as in the QLoRA paper.
   *
   * @return the quantization
   */
  public static Quantization nf4() {
    return new Quantization(QuantType.NF4, DEFAULT_BLOCK, true);
  }

  /**
   * FP4 in blocks of 64 with double quantization.
   *
   * @return the quantization
   */
  public static Quantization fp4() {
    return new Quantization(QuantType.FP4, DEFAULT_BLOCK, true);
  }

  /**
   * 8 bits in blocks of 32, as llama.cpp's Q8_0: half the bytes of bf16. For inference only;
   * weights are rounded while a plain checkpoint is read. Needs the kernels in C++.
   *
   * @return the quantization
   */
  public static Quantization int8() {
    return new Quantization(QuantType.INT8, INT8_BLOCK, false);
  }

  /**
   * Returns this quantization with another block size.
   *
   * @param size weights that share a scale: a power of two from 64 to 4096
   * @return a new quantization
   * @throws IllegalArgumentException if the block size is another
   */
  public Quantization blockSize(int size) {
    return new Quantization(type, size, doubleQuantized, skipped, outputLayer);
  }

  /**
   * Returns this quantization with or without double quantization, which stores the scales
   * themselves in 8 bits, in blocks of {@value FourBitFormat#SCALE_BLOCK} after their mean is
   * subtracted (QLoRA, section 3): with blocks of 64, this saves 0.37 bits per weight.
   *
   * @param on whether the scales are stored in 8 bits
   * @return a new quantization
   */
  public Quantization doubleQuant(boolean on) {
    return new Quantization(type, blockSize, on, skipped, outputLayer);
  }

  /**
   * Returns this quantization with more modules skipped.
   *
   * @param modules whole paths such as {@code model.layers.0.mlp.down_proj}, ends of paths such as
   *     {@code down_proj}, or beginnings such as {@code model.layers.0}
   * @return a new quantization
   */
  public Quantization skip(String... modules) {
    Texts.requireAll("modules", modules);
    Set<String> all = new LinkedHashSet<>(skipped);
    all.addAll(List.of(modules));
    return new Quantization(type, blockSize, doubleQuantized, all, outputLayer);
  }

  /**
   * Returns this quantization with or without the output layer. If included, the logits of tokens
   * decoded one at a time are computed in 8 bits too, as with llama.cpp's Q8_0; prompts and {@code
   * score} still use the original layer. Each generation quantizes the layer at its start and holds
   * the copy until its end: 1.0625 bytes per weight. For inference only.
   *
   * @param on default false
   * @return a new quantization
   */
  public Quantization outputLayer(boolean on) {
    return new Quantization(type, blockSize, doubleQuantized, skipped, on);
  }

  QuantType type() {
    return type;
  }

  /** {@return the number of weights that share a scale} */
  public int blockSize() {
    return blockSize;
  }

  /** {@return whether the scales themselves are stored in 8 bits} */
  public boolean doubleQuantized() {
    return doubleQuantized;
  }

  /** {@return the modules that keep their type} */
  public Set<String> skipped() {
    return skipped;
  }

  /** {@return whether decoding rounds the output layer too} */
  public boolean hasOutputLayer() {
    return outputLayer;
  }

  SkippedModules modules() {
    return new SkippedModules(skipped);
  }

  boolean isInt8() {
    return type == QuantType.INT8;
  }

  /** Returns the kernels' format. */
  FourBitFormat format() {
    return new FourBitFormat(type.code(), blockSize, doubleQuantized);
  }

  @Override
  public String description() {
    String held = isInt8() ? "8 bits in blocks of " + blockSize : format().description();
    return held
        + (outputLayer ? ", the output layer too" : "")
        + (skipped.isEmpty() ? "" : " but for " + new TreeSet<>(skipped));
  }

  /**
   * Returns the exact size of a tensor in memory.
   *
   * @return for 4 bits, two codes per byte; one scale per block, of one byte if scales are
   *     quantized and four otherwise; and the 16 values of the code, the 256 of the scales, their
   *     mean and a scale for each {@value FourBitFormat#SCALE_BLOCK} of them. For 8 bits, one byte
   *     per code and two per scale, with rows padded to a multiple of 16 and columns to whole
   *     blocks
   */
  QuantizedSize bytes(long rows, long columns) {
    return isInt8() ? Int8Part.size(rows, columns) : FourBitSizes.of(format(), rows * columns);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Quantization quantization
        && type == quantization.type
        && blockSize == quantization.blockSize
        && doubleQuantized == quantization.doubleQuantized
        && skipped.equals(quantization.skipped)
        && outputLayer == quantization.outputLayer;
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, blockSize, doubleQuantized, skipped, outputLayer);
  }

  /** Returns all options. */
  @Override
  public String toString() {
    return "Quantization[type="
        + type
        + ", blockSize="
        + blockSize
        + ", doubleQuantized="
        + doubleQuantized
        + ", skipped="
        + skipped
        + ", outputLayer="
        + outputLayer
        + "]";
  }
}
