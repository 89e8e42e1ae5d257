package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/** Models, batches and comparisons that the tests of this module share. */
public final class LoraCase {

  public static final int ROWS = 2;
  public static final int LENGTH = 24;

  private LoraCase() {}

  static Path golden(String name) {
    try {
      return Path.of(LoraCase.class.getResource("/golden/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Decoder load(Path folder, DType type) {
    Decoder decoder = Architectures.declareDecoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(decoder, checkpoint);
      decoder.allocate(type);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  static Decoder llama(DType type) {
    return load(golden("models/llama"), type);
  }

  /** A model of another shape with biases and, if asked, tied embeddings. */
  static ModelConfig config(boolean tied) {
    return ModelConfig.parse(
        Path.of("config.json"),
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 32,
         "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 96, "rms_norm_eps": 1e-5,
         "max_position_embeddings": 64, "attention_bias": true, "mlp_bias": true,
         "dtype": "bfloat16", "tie_word_embeddings": %s}
        """
            .formatted(tied));
  }

  public static Decoder random(boolean tied, DType type) {
    Decoder decoder = Architectures.declareDecoder(config(tied));
    decoder.allocate(type);
    Weights.randomize(decoder, 7);
    return decoder;
  }

  public static Batch batch() {
    long[] ids = new long[ROWS * LENGTH];
    long[] mask = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (i * 37L + 11) % 96;
      mask[i] = 1;
    }
    return new Batch(ids, mask, ids.clone(), ROWS, LENGTH);
  }

  static Batch evaluation(SafetensorsFile expected) {
    return new Batch(
        longs(expected, "eval.input_ids"),
        longs(expected, "eval.attention_mask"),
        longs(expected, "eval.labels"),
        ROWS,
        LENGTH);
  }

  public static float[] logits(Decoder decoder, Batch inputs) {
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(inputs.attentionMask(), ROWS, LENGTH)) {
      Ops ops = Ops.inference();
      Tensor ids = Tensor.of(inputs.ids(), ROWS, LENGTH);
      return decoder.logits(decoder.hidden(ops, ids, positions, false)).toFloats();
    }
  }

  /** Mean loss; its gradients are in the trained values, which were zeroed first. */
  public static double forwardBackward(
      Decoder decoder, List<Trainable> trained, Batch inputs, boolean recompute, long seed) {
    for (Trainable parameter : trained) {
      try (Tensor zero = Tensor.zeros(DType.F32, parameter.gradient().sizes())) {
        parameter.gradient().copyFrom(zero);
      }
    }
    int targets = TargetRows.of(inputs.labels(), ROWS, LENGTH).count();
    return LanguageModelLoss.forwardBackward(decoder, inputs, 1.0 / targets, recompute, seed)
        / targets;
  }

  static Map<String, float[]> gradients(List<Trainable> trained) {
    Map<String, float[]> gradients = new HashMap<>();
    trained.forEach(parameter -> gradients.put(parameter.name(), parameter.gradient().toFloats()));
    return gradients;
  }

  public static Map<String, float[]> weights(Decoder decoder) {
    Map<String, float[]> weights = new HashMap<>();
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        try (Tensor rows = parameter.value().narrow(0, slice.start(), slice.rows())) {
          weights.put(slice.name(), rows.toFloats());
        }
      }
    }
    return weights;
  }

  static void assertClose(String what, float[] found, float[] wanted, double abs, double rel) {
    assertThat(found).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat((double) found[i])
          .as(what + "[" + i + "]")
          .isCloseTo(wanted[i], within(abs + rel * Math.abs(wanted[i])));
    }
  }

  /** Compares logits where there are tokens. */
  static void assertLogits(float[] found, SafetensorsFile expected, String name) {
    float[] wanted = floats(expected, name);
    long[] mask = longs(expected, "eval.attention_mask");
    int width = wanted.length / mask.length;
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      if (mask[i / width] == 1) {
        worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
      }
    }
    assertThat(worst).as(name).isLessThan(1e-4);
  }

  static long[] longs(SafetensorsFile file, String name) {
    LongBuffer buffer = file.bytes(name).asLongBuffer();
    long[] values = new long[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  static float[] floats(SafetensorsFile file, String name) {
    FloatBuffer buffer = file.bytes(name).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** One of the tiny checkpoints of families. */
  public static Path family(String name) {
    return Path.of("..", "core", "fixtures", "families", name);
  }

  /** The content of an adapter's configuration. */
  public static ObjectNode config(Path adapter) throws IOException {
    return (ObjectNode) Json.parse(Files.readString(adapter.resolve("adapter_config.json")));
  }

  /** A tensor of a file. */
  public static TensorData data(String name, List<Long> shape, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new TensorData(name, StoredType.F32, shape, channel -> channel.write(bytes.duplicate()));
  }

  /** Gives all that trains random values in a range around 0. */
  public static void randomize(Adaptation adaptation, double width) {
    randomize(adaptation, adaptation.trained(), width);
  }

  /** Gives some of what trains random values in a range around 0. */
  static void randomize(Adaptation adaptation, List<Trainable> some, double width) {
    SplittableRandom random = new SplittableRandom(5);
    for (Trainable parameter : some) {
      float[] numbers = new float[Math.toIntExact(parameter.value().count())];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) (width * (random.nextDouble() - 0.5));
      }
      parameter.value().data().asFloatBuffer().put(numbers);
    }
    adaptation.refresh();
  }

  /** Moves all that trains along directions. */
  public static void move(Adaptation adaptation, List<float[]> directions, double step) {
    for (int i = 0; i < directions.size(); i++) {
      FloatBuffer values = adaptation.trained().get(i).value().data().asFloatBuffer();
      for (int k = 0; k < directions.get(i).length; k++) {
        values.put(k, (float) (values.get(k) + step * directions.get(i)[k]));
      }
    }
    adaptation.refresh();
  }

  /** Ids of tokens that are not special. */
  public static long[] ids(int count, int different) {
    return LongStream.range(0, count).map(i -> 4 + i * 7 % different).toArray();
  }

  /** Logits of a text where the model has them, else hidden states. */
  public static float[] outputs(Network network, long[] ids) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    if (network instanceof EncoderDecoder both) {
      return SequenceLoss.logits(both, new SequenceInputs(ids, mask, ids, 1, ids.length));
    }
    Ops ops = Ops.inference();
    if (network instanceof Decoder decoder) {
      try (Scope scope = Scope.open();
          Positions positions = decoder.positions(mask, 1, ids.length)) {
        Tensor tokens = Tensor.of(ids, 1, ids.length);
        return decoder.logits(decoder.hidden(ops, tokens, positions, false)).toFloats();
      }
    }
    Encoder encoder = (Encoder) network;
    try (Scope scope = Scope.open();
        Positions positions = encoder.positions(ids, mask, 1, ids.length)) {
      Tensor tokens = Tensor.of(ids, 1, ids.length);
      Tensor types = Tensor.of(new long[ids.length], 1, ids.length);
      Tensor hidden = encoder.hidden(ops, tokens, types, positions, false);
      if (encoder.classes() > 0) {
        return encoder.classLogits(ops, hidden, ids, mask).toFloats();
      }
      return encoder.predictsTokens()
          ? encoder.vocabularyHead().logits(encoder.vocabularyInput(ops, hidden)).toFloats()
          : hidden.toFloats();
    }
  }

  /** The largest deviation, relative where values are above 1. */
  static double distance(float[] found, float[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      worst = Math.max(worst, Math.abs(found[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i])));
    }
    return worst;
  }
}
