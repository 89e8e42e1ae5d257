package io.adapt4j.core;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** A Llama of random weights that trains in seconds, with the tokenizer of stories260K. */
public final class SmallModel {

  /** Its context length in tokens. */
  public static final int CONTEXT = 64;

  private static final String CONFIG =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "dtype": "float32",
       "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_act": "silu",
       "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
       "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
      """;

  private SmallModel() {}

  /** Writes the model as a checkpoint. */
  public static Path write(Path folder) throws IOException {
    return write(folder, CONFIG);
  }

  /** Writes the model with another context length in tokens. */
  public static Path writeLonger(Path folder, int context) throws IOException {
    return write(folder, CONFIG.replace("_embeddings\": " + CONTEXT, "_embeddings\": " + context));
  }

  /** Writes the model with a {@code rope_scaling} of this JSON. */
  public static Path writeScaled(Path folder, String ropeScaling) throws IOException {
    return write(folder, CONFIG.replaceFirst("\\{", "{\"rope_scaling\": " + ropeScaling + ", "));
  }

  /** Writes a model of another configuration, with a vocabulary of 512, as a checkpoint. */
  public static Path write(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    ModelConfig read = ModelConfig.read(folder);
    try (Decoder decoder = Architectures.declareDecoder(read)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(folder, tokenizer(), read, Weights.tensors(decoder, StoredType.F32));
    }
    return folder;
  }

  private static Path tokenizer() {
    return fixture("stories260K");
  }

  /** Returns a folder of core/fixtures, for tests of any module. */
  static Path fixture(String name) {
    Path beside = Path.of("..", "fixtures");
    return (Files.isDirectory(beside) ? beside : Path.of("..", "core", "fixtures")).resolve(name);
  }

  /** Sentences of ragged lengths with something in common to learn. */
  public static Dataset sentences(int count) {
    List<String> ends = List.of("the sun.", "a big red ball and her dog.", "it.", "to play a lot.");
    return Datasets.of(
        IntStream.range(0, count)
            .mapToObj(i -> new Example.Text("Once upon a time Lily saw " + ends.get(i % 4)))
            .toList());
  }
}
