package io.adapt4j.gguf;

import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import java.util.Objects;

/**
 * Quantization-aware training of a LoRA adapter for the GGUF file that it will be merged into: the
 * forward pass uses the weights as the file will store them, Q(W + BA), so that the adapter learns
 * to compensate for rounding. Gradients ignore the rounding (straight-through estimator, Bengio et
 * al. 2013).
 *
 * <pre>{@code
 * QuantizationAware.of(Lora.rank(16), GgufQuantization.Q4_K_M)
 * }</pre>
 *
 * <p>The result is a plain PEFT adapter for the original base. {@link GgufExport} with that adapter
 * and the same type merges and rounds identically, so the file behaves as measured in training.
 * Without rounding, the adapter performs worse.
 *
 * <p>Embedding and output head are rounded once, as the file stores them. Every update rounds all
 * linear weights again, which for types that search for scales (the K types) takes longer than a
 * step with a small batch: {@link #every} rounds less often. The base weights are held twice.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class QuantizationAware implements FineTuningMethod {

  private final Lora lora;
  private final GgufQuantization type;
  private final int every;

  private QuantizationAware(Lora lora, GgufQuantization type, int every) {
    this.lora = lora;
    this.type = type;
    this.every = every;
  }

  /**
   * Creates the method for a file type.
   *
   * @param lora the adapter with all its options; DoRA and biases of B are not supported
   * @param type type of the file's matrices
   * @return the method, which rounds after every update
   */
  public static QuantizationAware of(Lora lora, GgufQuantization type) {
    return new QuantizationAware(
        Objects.requireNonNull(lora, "lora"), Objects.requireNonNull(type, "type"), 1);
  }

  /**
   * Sets how often weights are rounded again. In between, the adapter's updates apply unrounded.
   *
   * @param updates number of adapter updates between roundings, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public QuantizationAware every(int updates) {
    if (updates < 1) {
      throw new IllegalArgumentException("every: expected at least 1 update, found " + updates);
    }
    return new QuantizationAware(lora, type, updates);
  }

  /** {@return the trained adapter} */
  public Lora lora() {
    return lora;
  }

  /** {@return the type of the file's matrices} */
  public GgufQuantization type() {
    return type;
  }

  /** {@return the number of adapter updates between roundings} */
  public int every() {
    return every;
  }

  @Override
  public String description() {
    return lora.description() + " over weights rounded to " + type;
  }
}
