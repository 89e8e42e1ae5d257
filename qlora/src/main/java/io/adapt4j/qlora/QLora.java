package io.adapt4j.qlora;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * QLoRA (Dettmers et al. 2023): a {@link Lora} adapter in higher precision over a frozen base in 4
 * bits. Weights are dequantized on demand and get no gradients. Only the adapter is saved, as a
 * regular PEFT folder.
 *
 * <pre>{@code
 * QLora.nf4().rank(16).alpha(32)
 * QLora.of(Quantization.fp4(), Lora.rank(16).rankStabilized())
 * }</pre>
 *
 * <p>Defaults: double quantization in blocks of 64, rank {@value #DEFAULT_RANK}, and all of {@link
 * Lora}'s, with all linear layers as its targets. Layers are recomputed in the backward pass unless
 * {@code FineTuner.Builder.gradientCheckpointing(false)} says otherwise.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class QLora implements FineTuningMethod {

  /** The default rank. */
  public static final int DEFAULT_RANK = 16;

  private final Quantization weights;
  private final IntFunction<Lora> begin;
  private final int rank;
  private final UnaryOperator<Lora> options;
  private final Lora lora;

  private QLora(
      Quantization weights, IntFunction<Lora> begin, int rank, UnaryOperator<Lora> options) {
    if (weights.hasOutputLayer()) {
      throw new IllegalArgumentException(
          "outputLayer: expected false, as the output layer is rounded for running models only,"
              + " found true");
    }
    this.weights = weights;
    this.begin = begin;
    this.rank = rank;
    this.options = options;
    this.lora = options.apply(begin.apply(rank));
  }

  /**
   * Starts with the base in NF4.
   *
   * @return the method with every option at its default
   */
  public static QLora nf4() {
    return begin(Quantization.nf4());
  }

  /**
   * Starts with the base in FP4.
   *
   * @return the method with every option at its default
   */
  public static QLora fp4() {
    return begin(Quantization.fp4());
  }

  private static QLora begin(Quantization quantization) {
    return new QLora(quantization, Lora::rank, DEFAULT_RANK, UnaryOperator.identity());
  }

  /**
   * Puts an adapter over a base in 4 bits, or in 8 by {@link Quantization#int8}.
   *
   * @param weights quantization of the base, with the modules that it skips
   * @param adapter the adapter with all its options, newly initialized or {@linkplain
   *     Lora#continuing continuing} a stored one
   * @return the method
   * @throws IllegalArgumentException if the output layer would be quantized too
   */
  public static QLora of(Quantization weights, Lora adapter) {
    return new QLora(weights, ignored -> adapter, 0, UnaryOperator.identity());
  }

  /**
   * Returns the quantization of the base.
   *
   * @return the format, with the modules that it skips
   */
  public Quantization weights() {
    return weights;
  }

  /**
   * Returns the adapter.
   *
   * @return the adapter's method
   */
  public Lora lora() {
    return lora;
  }

  private QLora with(Quantization quantization) {
    return new QLora(quantization, begin, rank, options);
  }

  /**
   * Sets double quantization: whether the base's block scales are quantized to 8 bits.
   *
   * @param on default true
   * @return a changed copy
   */
  public QLora doubleQuant(boolean on) {
    return with(weights.doubleQuant(on));
  }

  /**
   * Sets the number of base weights that share a scale.
   *
   * @param size a power of two from 64 to 4096; default 64
   * @return a changed copy
   * @throws IllegalArgumentException if it is another
   */
  public QLora blockSize(int size) {
    return with(weights.blockSize(size));
  }

  /**
   * Leaves modules of the base in the compute type.
   *
   * @param modules paths, or their ends or beginnings, as in {@link Quantization#skip}
   * @return a changed copy
   */
  public QLora skip(String... modules) {
    Texts.requireAll("modules", modules);
    return new QLora(weights.skip(modules), begin, rank, options);
  }

  /**
   * Chooses the rank of the adapter.
   *
   * @param newRank r, at least 1
   * @return a changed copy; earlier options are kept
   * @throws IllegalArgumentException if the rank is below 1
   * @throws IllegalStateException if a complete adapter was given
   */
  public QLora rank(int newRank) {
    if (rank == 0) {
      throw new IllegalStateException("rank: the adapter given to of(...) has its rank already");
    }
    return new QLora(weights, begin, newRank, options);
  }

  /**
   * Sets any options of the adapter.
   *
   * @param change such as {@code lora -> lora.plus(16).layers(0, 1)}
   * @return a changed copy
   */
  public QLora lora(UnaryOperator<Lora> change) {
    Texts.require("change", change);
    return new QLora(weights, begin, rank, lora -> change.apply(options.apply(lora)));
  }

  /**
   * Sets the numerator of the adapter's scale; default twice the rank.
   *
   * @param alpha a positive number
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public QLora alpha(double alpha) {
    return lora(lora -> lora.alpha(alpha));
  }

  /**
   * Sets dropout on the adapter's input; default none.
   *
   * @param probability in [0, 1)
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public QLora dropout(double probability) {
    return lora(lora -> lora.dropout(probability));
  }

  /**
   * Chooses the adapted projections; default all linear layers.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public QLora targets(Targets targets) {
    return lora(lora -> lora.targets(targets));
  }

  @Override
  public String description() {
    return "Q" + lora.description() + " over " + weights.description();
  }
}
