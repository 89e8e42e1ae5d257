package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.CheckpointFolder;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;

/**
 * A model with SmolLM2-135M's shape and a separate head that predicts the next higher id after each
 * token: its layers add nothing, but cost the same time. Its output is thus known in advance, and
 * with it the part of an answer that quotes the prompt.
 */
final class QuotingModel {

  private static final String CONFIG =
      SmolLm.CONFIG.replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false");

  private QuotingModel() {}

  /** Writes a bfloat16 checkpoint. */
  static void write(Path folder) {
    ModelConfig config = ModelConfig.parse(folder.resolve("config.json"), CONFIG);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.BF16);
      Weights.randomize(decoder, 1);
      try (Scope scope = Scope.open()) {
        decoder.linears().forEach(QuotingModel::silence);
        Tensor embedding = decoder.embedding().value();
        Tensor head = decoder.head().weight().value();
        long rows = embedding.size(0);
        head.narrow(0, 1, rows - 1).copyFrom(embedding.narrow(0, 0, rows - 1));
        head.narrow(0, 0, 1).copyFrom(embedding.narrow(0, rows - 1, 1));
      }
      CheckpointFolder.write(folder, folder, config, Weights.tensors(decoder, StoredType.BF16));
    }
  }

  /** Makes a layer's outputs zero. */
  private static void silence(LinearSlot slot) {
    DenseLinear linear = (DenseLinear) slot.linear();
    String name = linear.weight().slices().get(0).name();
    if (name.contains("o_proj") || name.contains("down_proj")) {
      Tensor weight = linear.weight().value();
      weight.copyFrom(Tensor.zeros(DType.BF16, 1, 1));
    }
  }
}
