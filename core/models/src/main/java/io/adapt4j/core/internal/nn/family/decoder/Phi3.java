package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.tensor.op.DropoutRates;

/**
 * Phi-3 and Phi-4 mini (Abdin et al. 2024): Llama with query, key and value in one matrix and gate
 * and up in another, an optional sliding window, and longrope in the long-context variants.
 */
public final class Phi3 extends BuiltInFamily {

  private static final String ORIGINAL_LENGTH = "original_max_position_embeddings";

  public Phi3() {
    super("phi3", new DecoderConfig.Defaults(4096, 1e-5, "silu", false, 10_000), "sliding_window");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(withOriginalLength(model), defaults());
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "resid_pdrop", 0);
    return DropoutFields.ofAttention(fields).withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    int window = SlidingWindow.size(model, 0);
    return new LlamaLike(model, dimensions(model))
        .fusedProjections()
        .window(layer -> window)
        .declare();
  }

  /** Adds the field with the original length that longrope uses, which has a default. */
  private ModelConfig withOriginalLength(ModelConfig model) {
    return model.fields().has(ORIGINAL_LENGTH)
        ? model
        : model.with(ORIGINAL_LENGTH, IntNode.valueOf(defaults().maxPositionEmbeddings()));
  }
}
