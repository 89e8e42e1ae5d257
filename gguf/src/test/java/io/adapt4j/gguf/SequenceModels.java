package io.adapt4j.gguf;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.gguf.internal.load.UnigramFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Small encoder-decoders of every kind that files have, whose weights are the same everywhere. */
final class SequenceModels {

  /** T5 itself, its second version, and the two for many languages. */
  static final List<String> KINDS = List.of("t5", "flan", "mt5", "umt5");

  private static final String COMMON =
      """
      "dtype": "float32", "vocab_size": 48, "d_model": 32, "d_ff": 64, "d_kv": 8, "num_heads": 4,
      "num_layers": 2, "relative_attention_num_buckets": 16, "dropout_rate": 0.0,
      "is_encoder_decoder": true, "pad_token_id": 0, "eos_token_id": 1,
      "decoder_start_token_id": 0}
      """;

  private SequenceModels() {}

  static String config(String kind) {
    return switch (kind) {
      case "t5" ->
          "{\"model_type\": \"t5\", \"architectures\": [\"T5ForConditionalGeneration\"],"
              + " \"num_decoder_layers\": 2, \"feed_forward_proj\": \"relu\","
              + COMMON;
      case "flan" ->
          "{\"model_type\": \"t5\", \"architectures\": [\"T5ForConditionalGeneration\"],"
              + " \"num_decoder_layers\": 1, \"feed_forward_proj\": \"gated-gelu\","
              + " \"tie_word_embeddings\": false,"
              + COMMON;
      case "mt5" ->
          "{\"model_type\": \"mt5\", \"architectures\": [\"MT5ForConditionalGeneration\"],"
              + COMMON;
      case "umt5" ->
          "{\"model_type\": \"umt5\", \"architectures\": [\"UMT5ForConditionalGeneration\"],"
              + " \"num_decoder_layers\": 2,"
              + COMMON;
      default -> throw new IllegalArgumentException(kind);
    };
  }

  static Path write(Path folder, String kind) throws IOException {
    return write(folder, kind, config(kind));
  }

  static Path write(Path folder, String kind, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(ModelConfig.FILE), config);
    UnigramFolder.write(folder);
    ModelConfig read = ModelConfig.read(folder);
    try (EncoderDecoder network = Architectures.declareSequence(read)) {
      network.allocate(DType.F32);
      Random random = new UnsharedRandom(KINDS.indexOf(kind) + 40L);
      for (Parameter parameter : network.parameters()) {
        fill(parameter, random);
      }
      CheckpointFolder.write(folder, folder, read, Weights.tensors(network, StoredType.F32));
    }
    return folder;
  }

  private static void fill(Parameter parameter, Random random) {
    float[] values = new float[Math.toIntExact(parameter.count())];
    boolean norm = parameter.sizes().length == 1;
    boolean embedding = parameter.slices().get(0).name().equals("shared.weight");
    for (int i = 0; i < values.length; i++) {
      double gauss = random.nextGaussian();
      values[i] = (float) (norm ? 1 + 0.2 * gauss : gauss * (embedding ? 0.4 : 0.25));
    }
    try (Tensor filled = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(filled);
    }
  }

  /** Scores of every token after those of a text that was written for another. */
  static float[] logits(Path folder) {
    return logits(folder, true);
  }

  /** The same with every weight dequantized. */
  static float[] dequantizedLogits(Path folder) {
    return logits(folder, false);
  }

  private static float[] logits(Path folder, boolean asStored) {
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    try (EncoderDecoder network = Architectures.declareSequence(stored.config())) {
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        if (asStored) {
          stored.weights().install(network, checkpoint);
        }
        network.allocate(DType.F32);
        Weights.load(network, checkpoint);
      }
      return logits(network);
    }
  }

  private static float[] logits(EncoderDecoder network) {
    try (Scope scope = Scope.open()) {
      long[] ids = {5, 9, 12, 7, 30, 14, 11, 1};
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      SequenceInputs inputs = new SequenceInputs(ids, mask, new long[0], 1, ids.length);
      SequenceSource source = network.read(Ops.inference(), inputs, false, null);
      Tensor before = Tensor.of(new long[] {0, 6, 21, 8, 17}, 1, 5);
      Tensor written = network.write(Ops.inference(), source, before, false, null);
      return network.head().logits(written).toFloats();
    }
  }
}
