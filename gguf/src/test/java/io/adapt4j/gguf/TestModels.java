package io.adapt4j.gguf;

import static org.assertj.core.api.Assumptions.assumeThatCode;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.Int8Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Small models, as checkpoints and as GGUF files. */
final class TestModels {

  /** A tokenizer in SentencePiece's manner, of 512 tokens. */
  static final Path TOKENIZER =
      Path.of("..", "core", "fixtures", "stories260K").toAbsolutePath().normalize();

  /** Rows of 256 inputs, so that every type of block fits. */
  private static final String CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 512,
       "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
       "max_position_embeddings": 256, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
       "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
      """;

  private TestModels() {}

  /** Skips the test where the kernels in C++ are missing: weights are dequantized there. */
  static void needTheLibrary() {
    assumeThatCode(Int8Matrix::requireLibrary).doesNotThrowAnyException();
  }

  /** Writes a checkpoint with random weights and the tokenizer of the stories. */
  static Path random(Path folder) {
    return random(folder, 256);
  }

  /** Writes one of another width: of 64 no block of 256 fits. */
  static Path random(Path folder, int hidden) {
    try {
      Files.createDirectories(folder);
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        Files.copy(TOKENIZER.resolve(name), folder.resolve(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ModelConfig config =
        ModelConfig.parse(
            folder.resolve(ModelConfig.FILE),
            CONFIG.replace("\"hidden_size\": 256", "\"hidden_size\": " + hidden));
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      for (Parameter parameter : decoder.parameters()) {
        if (parameter.sizes().length == 2) {
          try (Scope scope = Scope.open()) {
            parameter.value().copyFrom(parameter.value().scaled(4));
          }
        }
      }
      CheckpointFolder.write(folder, folder, config, decoder, StoredType.F32);
    }
    return folder;
  }

  /** Loads a folder in fp32 with its linear weights as they are stored. */
  static Decoder load(Path folder) {
    return load(folder, WeightFormat.asStored());
  }

  /** Loads the folder of a file in fp32 with every weight dequantized. */
  static Decoder dequantized(Path folder) {
    return load(StoredModel.read(folder, WeightFormat.asStored()), folder, false);
  }

  /** Loads a folder in fp32 with its linear weights in a format. */
  static Decoder load(Path folder, WeightFormat format) {
    return load(StoredModel.read(folder, format), folder, true);
  }

  private static Decoder load(StoredModel stored, Path folder, boolean asStored) {
    Decoder decoder = Architectures.declareDecoder(stored.config());
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      if (asStored) {
        stored.weights().install(decoder, checkpoint);
      }
      Weights.check(decoder, checkpoint);
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      return decoder;
    } catch (RuntimeException | Error e) {
      decoder.close();
      throw e;
    }
  }

  /** Tokens that are not special. */
  static long[] ids(Network network, int count) {
    long[] ids = new long[count];
    for (int i = 0; i < count; i++) {
      ids[i] = 3 + (i * 31L + 7) % (network.dimensions().vocabularySize() - 3);
    }
    return ids;
  }

  /** How far logits are off, as a share of their size. */
  static double difference(float[] found, float[] wanted) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < found.length; i++) {
      difference += Math.pow(found[i] - wanted[i], 2);
      size += Math.pow(wanted[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  /** The scores of some tokens. */
  static float[] logits(Decoder decoder, int count) {
    long[] mask = new long[count];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(mask, 1, count)) {
      Tensor ids = Tensor.of(ids(decoder, count), 1, count);
      return decoder.logits(decoder.hidden(Ops.inference(), ids, positions, false)).toFloats();
    }
  }
}
