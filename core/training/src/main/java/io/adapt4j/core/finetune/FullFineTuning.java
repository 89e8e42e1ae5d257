package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.train.Freezing;
import io.adapt4j.core.method.FineTuningMethod;

/**
 * Trains the weights of the model itself and saves a complete Hugging Face checkpoint.
 *
 * <p>Costs 16 bytes per trained parameter in fp32 (weights, gradients, two moments) and 18 in bf16,
 * which adds a compute copy. Frozen parameters cost only their weights, and nothing below the
 * lowest trainable parameter is saved for backward or differentiated. Projections that share an
 * input (query, key and value; gate and up) share one gradient, which is computed if any of them is
 * trainable.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class FullFineTuning implements FineTuningMethod {

  private final Freezing freezing;

  private FullFineTuning(Freezing freezing) {
    this.freezing = freezing;
  }

  /**
   * Creates the method with nothing frozen.
   *
   * @return full fine-tuning
   */
  public static FullFineTuning create() {
    return new FullFineTuning(Freezing.NONE);
  }

  Freezing freezing() {
    return freezing;
  }

  /**
   * Freezes the layers nearest to the input. The embeddings remain trainable: freeze them too
   * ({@link #freezeEmbeddings}) so that backpropagation stops above the frozen layers.
   *
   * @param layers number of layers; 0 for none
   * @return a changed copy
   * @throws IllegalArgumentException if the number is negative
   */
  public FullFineTuning freezeFirstLayers(int layers) {
    if (layers < 0) {
      throw new IllegalArgumentException("freezeFirstLayers: expected at least 0, found " + layers);
    }
    return new FullFineTuning(freezing.withLayers(layers));
  }

  /**
   * Freezes the token, position and type embeddings and their norm. An output head tied to the
   * token embedding is frozen with it.
   *
   * @return a changed copy
   */
  public FullFineTuning freezeEmbeddings() {
    return new FullFineTuning(freezing.withEmbeddings());
  }

  /**
   * Freezes parameters by name, in addition to those already frozen.
   *
   * @param names a regular expression found in their names, such as {@code mlp} or {@code \.bias$}
   * @return a changed copy
   * @throws IllegalArgumentException if the expression is malformed
   */
  public FullFineTuning freeze(String names) {
    return new FullFineTuning(freezing.withFrozen(names));
  }

  /**
   * Freezes all parameters except those with matching names; calling it again adds to the
   * exceptions. Parameters frozen otherwise stay frozen.
   *
   * @param names a regular expression found in their names, such as {@code norm}
   * @return a changed copy
   * @throws IllegalArgumentException if the expression is malformed
   */
  public FullFineTuning trainOnly(String names) {
    return new FullFineTuning(freezing.withTrained(names));
  }

  @Override
  public String description() {
    return "full fine-tuning" + freezing;
  }
}
