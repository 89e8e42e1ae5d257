package io.adapt4j.benchmarks;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.CheckpointFolder;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Llamas of random weights, known by their shape.
 *
 * @param name what options call it
 * @param json its configuration
 */
record LlamaShape(String name, String json) {

  /** Numbers that weights are taken from, over and over: a step's time does not depend on them. */
  private static final int NUMBERS = 1 << 20;

  private static final double DEVIATION = 0.02;

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

  static LlamaShape named(String name) {
    LlamaShape shape = ALL.get(name);
    if (shape == null) {
      throw new IllegalArgumentException(
          "--shape: expected one of %s, found %s"
              .formatted(ALL.keySet().stream().sorted().toList(), name));
    }
    return shape;
  }

  ModelConfig config() {
    return ModelConfig.parse(Path.of(name, "config.json"), json);
  }

  Decoder declare() {
    return Architectures.declareDecoder(config());
  }

  /** Writes a bfloat16 checkpoint piece by piece; it is never in memory. */
  void write(Path folder) {
    write(folder, folder);
  }

  /** The same with the tokenizer of another model. */
  void write(Path folder, Path base) {
    byte[] numbers = numbers();
    List<TensorData> tensors = new ArrayList<>();
    try (Decoder declared = declare()) {
      declared
          .tensors()
          .forEach(
              (tensor, shape) ->
                  tensors.add(
                      new TensorData(
                          tensor,
                          StoredType.BF16,
                          shape,
                          channel -> fill(channel, shape, numbers))));
      CheckpointFolder.write(folder, base, declared.modelConfig(), tensors);
    }
  }

  private static byte[] numbers() {
    SplittableRandom random = new SplittableRandom(1);
    ByteBuffer bytes = ByteBuffer.allocate(NUMBERS * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < NUMBERS; i++) {
      bytes.putShort(bf16(random.nextGaussian() * DEVIATION));
    }
    return bytes.array();
  }

  private static short bf16(double value) {
    return (short) (Float.floatToRawIntBits((float) DType.BF16.round(value)) >>> 16);
  }

  /** Norms become ones. */
  private static void fill(WritableByteChannel channel, List<Long> shape, byte[] numbers)
      throws IOException {
    long left = shape.stream().reduce(1L, Math::multiplyExact) * Short.BYTES;
    byte[] source = numbers;
    if (shape.size() == 1) {
      ByteBuffer ones = ByteBuffer.allocate((int) left).order(ByteOrder.LITTLE_ENDIAN);
      while (ones.hasRemaining()) {
        ones.putShort(bf16(1));
      }
      source = ones.array();
    }
    while (left > 0) {
      int count = (int) Math.min(left, source.length);
      channel.write(ByteBuffer.wrap(source, 0, count));
      left -= count;
    }
  }
}
