package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A decoder of random weights whose tokenizer knows the words yes and no. */
public final class SmallReranker {

  private SmallReranker() {}

  /** Writes a model below a folder. */
  public static Path write(Path folder) throws IOException {
    Path encoder = SmallEncoder.write(folder.resolve("encoder"));
    Path tokenizer = encoder.resolve("tokenizer.json");
    // The words yes and no stand where the encoder's vocabulary has others.
    Files.writeString(
        tokenizer,
        Files.readString(tokenizer).replace("\"fast\"", "\"yes\"").replace("\"slow\"", "\"no\""));
    Path model = Files.createDirectories(folder.resolve("decoder"));
    Files.writeString(
        model.resolve("config.json"),
        """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "dtype": "float32",
         "vocab_size": 20, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
         "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "hidden_act": "silu",
         "max_position_embeddings": 512, "tie_word_embeddings": true, "pad_token_id": 0}
        """);
    ModelConfig config = ModelConfig.read(model);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      try (Tensor large = decoder.embedding().value().scaled(20)) {
        decoder.embedding().value().copyFrom(large);
      }
      CheckpointFolder.write(model, encoder, config, Weights.tensors(decoder, StoredType.F32));
    }
    return model;
  }
}
