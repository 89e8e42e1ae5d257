package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import java.util.Optional;
import java.util.Set;

/** A model family: declares the network for a configuration. */
public interface Architecture {

  /** Returns the {@code model_type}s of its configurations. */
  Set<String> modelTypes();

  /** Returns a Llama-like decoder's defaults for absent fields. */
  default DecoderConfig.Defaults defaults() {
    return DecoderConfig.Defaults.LLAMA;
  }

  /** Reads the dimensions of a Llama-like decoder from the fields of its text model. */
  default DecoderConfig dimensions(ModelConfig text) {
    return DecoderConfig.from(text, defaults());
  }

  /**
   * Returns the fields of {@link UnreadFeatures} that this family reads itself; a configuration
   * that sets any other is rejected.
   */
  default Set<String> features() {
    return Set.of();
  }

  /**
   * Returns the reference's dropout rates in training. A field that the reference ignores, such as
   * {@code embd_pdrop} of Phi-3, has no effect.
   */
  default DropoutRates dropout(ModelConfig model) {
    return DropoutFields.ofAttention(model.fields());
  }

  /**
   * Changes a configuration so that the output matrix has different values, even if the file ties
   * it to the embedding.
   */
  default ModelConfig withOwnHead(ModelConfig config) {
    return config.withTieWordEmbeddings(false);
  }

  /**
   * Declares the layer that predicts the token after the next one, without weights; empty if the
   * family or the configuration has none.
   */
  default Optional<NextTokenLayer> nextTokenLayer(ModelConfig config) {
    return Optional.empty();
  }

  /** Declares a network without weights. */
  Network declare(ModelConfig config);
}
