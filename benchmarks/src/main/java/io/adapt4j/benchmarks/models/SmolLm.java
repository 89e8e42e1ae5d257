package io.adapt4j.benchmarks.models;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.kernels.internal.Int8Matrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A model with SmolLM2-135M's shape and random weights: the time of a step does not depend on them.
 */
public final class SmolLm {

  public static final int VOCABULARY = 49152;

  /** Layers times the width of all query heads. */
  private static final long ATTENTION_WIDTH = 30L * 576;

  private static final long SEED = 1;

  public static final String CONFIG =
      """
      {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "intermediate_size": 1536,
        "vocab_size": 49152,
        "max_position_embeddings": 8192,
        "rope_theta": 100000,
        "rms_norm_eps": 1e-5,
        "hidden_act": "silu",
        "tie_word_embeddings": true,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "bfloat16"
      }
      """;

  private SmolLm() {}

  public static Decoder declare() {
    return Architectures.declareDecoder(
        ModelConfig.parse(Path.of("smollm2-135m/config.json"), CONFIG));
  }

  public static Decoder random(DType type) {
    Decoder decoder = declare();
    decoder.allocate(type);
    Weights.randomize(decoder, SEED);
    return decoder;
  }

  /** Writes a bfloat16 checkpoint. */
  public static void write(Path folder) {
    try (Decoder decoder = random(DType.BF16)) {
      CheckpointFolder.write(
          folder, folder, decoder.modelConfig(), Weights.tensors(decoder, StoredType.BF16));
    }
  }

  /**
   * Returns the size of the model's weights in a format, which decoding reads once per token; the
   * embedding is also the output head.
   */
  public static long bytes(WeightFormat format, Path folder, Precision precision) {
    try (Decoder decoder = declare();
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      WeightMechanics.of(format).install(decoder, checkpoint);
      long bytes = decoder.packedLinears().stream().mapToLong(QuantizedLinear::packedBytes).sum();
      for (Parameter parameter : decoder.parameters()) {
        boolean rounded =
            parameter == decoder.head().weight() && decoder.headSlot().isRoundedInSteps();
        bytes +=
            rounded
                ? Int8Matrix.bytes(parameter.sizes()[0], parameter.sizes()[1])
                : parameter.count() * (precision == Precision.FP32 ? 4 : 2);
      }
      return bytes;
    }
  }

  /**
   * Counts the weights that every token is multiplied with: all linear layers and the output head.
   */
  public static long matmulParameters(Decoder decoder) {
    long count = decoder.head().weight().count();
    for (LinearSlot slot : decoder.linears()) {
      count += ((DenseLinear) slot.linear()).weight().count();
    }
    return count;
  }

  /** Returns the settings of a training step: AdamW and clipping. */
  public static TrainingStep.Settings settings(boolean recompute) {
    return new TrainingStep.Settings(Optimizer.adamW(), 0.01, 1.0, recompute);
  }

  /** Returns a full batch of random tokens, all of them targets. */
  public static Batch batch(int rows, int length) {
    return batch(rows, length, VOCABULARY);
  }

  public static Batch batch(int rows, int length, int vocabulary) {
    long[] ids = new SplittableRandom(SEED).longs((long) rows * length, 0, vocabulary).toArray();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    return new Batch(ids, mask, ids, rows, length);
  }

  /**
   * Returns the operations of causal attention in a training step: two products forward and four
   * backward, each over half of the pairs of positions.
   */
  public static double attentionFlops(long rows, long length) {
    return 6.0 * rows * length * length * ATTENTION_WIDTH;
  }
}
