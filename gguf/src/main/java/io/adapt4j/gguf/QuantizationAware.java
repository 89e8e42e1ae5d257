package io.adapt4j.gguf;

import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import java.util.Objects;

/**
 * Trains a LoRA adapter for the GGUF file that it will be merged into: the forward pass computes
 * with the weights as the file will store them, Q(W + BA), so that the adapter learns to make up
 * for what rounding takes. Gradients pass through the rounding as if it were not there
 * (straight-through estimation, Bengio et al. 2013).
 *
 * <pre>{@code
 * QuantizationAware.of(Lora.rank(16), GgufQuantization.Q4_K_M)
 * }</pre>
 *
 * <p>What is saved is a plain adapter in PEFT's layout, over the base as it was. {@link GgufExport}
 * with that adapter and the same type merges and rounds the same numbers, so the file computes what
 * training measured. Run or merged without rounding the adapter is worth less.
 *
 * <p>Embedding and output head are rounded once, as the file stores them. Every update rounds all
 * linear weights again, which takes longer than a step of a small batch where the type searches for
 * scales (those of K): {@link #every} rounds less often. The weights of the base are held twice.
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
   * Trains an adapter for a type of file.
   *
   * @param lora the adapter with all its options; DoRA and biases of B are not supported
   * @param type how the file will store matrices
   * @return the method, which rounds after every update
   */
  public static QuantizationAware of(Lora lora, GgufQuantization type) {
    return new QuantizationAware(
        Objects.requireNonNull(lora, "lora"), Objects.requireNonNull(type, "type"), 1);
  }

  /**
   * Chooses how often weights are rounded again. In between they change by the adapter's updates,
   * unrounded.
   *
   * @param updates after so many updates of the adapter, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public QuantizationAware every(int updates) {
    if (updates < 1) {
      throw new IllegalArgumentException("every: expected at least 1 update, found " + updates);
    }
    return new QuantizationAware(lora, type, updates);
  }

  /** {@return the adapter that trains} */
  public Lora lora() {
    return lora;
  }

  /** {@return how the file will store matrices} */
  public GgufQuantization type() {
    return type;
  }

  /** {@return after how many updates weights are rounded again} */
  public int every() {
    return every;
  }

  @Override
  public String description() {
    return lora.description() + " over weights rounded to " + type;
  }
}
