package io.adapt4j.benchmarks.models;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.nio.file.Path;
import java.util.Map;

/** Shapes of Llamas with random weights. */
public record LlamaShape(String name, String json) {

  /** Numbers that weights are taken from, over and over: a step's time does not depend on them. */
  private static final Map<String, LlamaShape> ALL =
      Map.of(
          "small", llama("small", 4, 256, 704, 8, 2, 4096),
          "30m", llama("30m", 10, 512, 1408, 8, 4, 4096),
          "135m", new LlamaShape("135m", SmolLm.CONFIG),
          "1.1b", llama("1.1b", 22, 2048, 5632, 32, 4, 32000),
          "65b", llama("65b", 80, 8192, 22016, 64, 64, 32000));

  private static LlamaShape llama(
      String name, int layers, int hidden, int mlp, int heads, int keyValueHeads, int vocabulary) {
    return new LlamaShape(
        name,
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "torch_dtype": "bfloat16",
         "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": %d,
         "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
         "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
        """
            .formatted(vocabulary, hidden, mlp, layers, heads, keyValueHeads));
  }

  public static LlamaShape named(String name) {
    LlamaShape shape = ALL.get(name);
    if (shape == null) {
      throw new IllegalArgumentException(
          "--shape: expected one of %s, found %s"
              .formatted(ALL.keySet().stream().sorted().toList(), name));
    }
    return shape;
  }

  public ModelConfig config() {
    return ModelConfig.parse(Path.of(name, "config.json"), json);
  }

  public Decoder declare() {
    return Architectures.declareDecoder(config());
  }

  /** Writes a bfloat16 checkpoint piece by piece, never entirely in memory. */
  public void write(Path folder) {
    write(folder, folder);
  }

  /** Writes a checkpoint with the tokenizer of another model. */
  public void write(Path folder, Path base) {
    RandomCheckpoint.write(config(), folder, base);
  }
}
