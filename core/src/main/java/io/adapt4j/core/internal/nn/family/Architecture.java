package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DropoutRates;
import java.util.Set;

/** A model family: turns a configuration into the structure of a network. */
interface Architecture {

  /** The {@code model_type}s of its configurations. */
  Set<String> modelTypes();

  /**
   * Fields of {@link UnreadFeatures} that this family reads itself; all others are refused where a
   * configuration sets them.
   */
  default Set<String> features() {
    return Set.of();
  }

  /**
   * Returns what the reference drops while it trains. A field that it does not read, such as {@code
   * embd_pdrop} of Phi-3, drops nothing.
   */
  default DropoutRates dropout(ModelConfig model) {
    return DropoutFields.ofAttention(model.fields());
  }

  /**
   * Changes a configuration so that the output matrix has different values, though the file ties it
   * to the embedding.
   */
  default ModelConfig withOwnHead(ModelConfig config) {
    return config.withTieWordEmbeddings(false);
  }

  /** Declares a network without weights. */
  Network declare(ModelConfig config);
}
