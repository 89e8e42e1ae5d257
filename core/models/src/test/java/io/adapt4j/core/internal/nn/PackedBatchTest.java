package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents packed into rows against the same documents in rows of their own. */
class PackedBatchTest {

  private static final String SIZES =
      "\"vocab_size\": 512, \"bos_token_id\": 1, \"eos_token_id\": 2, \"dtype\": \"float32\"";

  private static final String GATED =
      SIZES
          + ", \"hidden_size\": 32, \"intermediate_size\": 48, \"num_hidden_layers\": 2,"
          + " \"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"rms_norm_eps\": 1e-5";

  /** Decoders that differ in what packing touches. */
  enum Family {
    LLAMA(
        "\"model_type\": \"llama\", \"max_position_embeddings\": 64, \"hidden_act\": \"silu\","
            + GATED),
    /** Frequencies change with the length beyond 16 tokens. */
    LLAMA_DYNAMIC(
        "\"model_type\": \"llama\", \"max_position_embeddings\": 16, \"hidden_act\": \"silu\","
            + " \"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 2.0},"
            + GATED),
    MISTRAL_WINDOW(
        "\"model_type\": \"mistral\", \"max_position_embeddings\": 64, \"sliding_window\": 5,"
            + " \"hidden_act\": \"silu\","
            + GATED),
    GEMMA2_CAPPED(
        "\"model_type\": \"gemma2\", \"max_position_embeddings\": 64, \"head_dim\": 8,"
            + " \"sliding_window\": 4, \"attn_logit_softcapping\": 3.0,"
            + " \"final_logit_softcapping\": 5.0, \"query_pre_attn_scalar\": 8,"
            + " \"hidden_activation\": \"gelu_pytorch_tanh\","
            + GATED),
    GPT2(
        "\"model_type\": \"gpt2\", \"n_positions\": 32, \"n_embd\": 32, \"n_layer\": 2,"
            + " \"n_head\": 4, \"activation_function\": \"gelu_new\","
            + " \"layer_norm_epsilon\": 1e-5,"
            + SIZES),
    GPT_NEOX(
        "\"model_type\": \"gpt_neox\", \"max_position_embeddings\": 64, \"hidden_size\": 32,"
            + " \"intermediate_size\": 48, \"num_hidden_layers\": 2, \"num_attention_heads\": 4,"
            + " \"hidden_act\": \"gelu\", \"rotary_pct\": 0.5, \"layer_norm_eps\": 1e-5,"
            + SIZES);

    private final String config;

    Family(String config) {
      this.config = "{" + config + "}";
    }
  }

  /** Lengths of documents by row; a short one beside a long one, one token, a row not filled. */
  private static final int[][] PACKED = {{21, 6, 1}, {9, 17}, {5}};

  private static final int WIDTH = 28;

  @TempDir Path folder;

  static Stream<Family> fixedFrequencies() {
    return Arrays.stream(Family.values()).filter(family -> family != Family.LLAMA_DYNAMIC);
  }

  @ParameterizedTest
  @MethodSource("fixedFrequencies")
  void lossAndGradientsAreThoseOfTheUnpackedBatch(Family family) throws IOException {
    Batch packed = packed();
    Batch padded = padded();
    try (Decoder decoder = load(family)) {
      decoder.parameters().forEach(Parameter::train);
      double expected = LanguageModelLoss.evaluate(decoder, padded);
      Map<String, float[]> wanted = gradients(decoder, padded, false);
      assertThat(LanguageModelLoss.evaluate(decoder, packed)).isCloseTo(expected, within(1e-4));
      for (boolean recompute : new boolean[] {false, true}) {
        assertEqual(gradients(decoder, packed, recompute), wanted);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void logitsOfADocumentAreThoseOfTheDocumentAlone(Family family) throws IOException {
    Batch packed = packed();
    long live = Tensor.live();
    try (Decoder decoder = load(family)) {
      float[] all = logits(decoder, packed.ids(), decoder.packedPositions(PACKED, WIDTH), WIDTH);
      int vocabulary = all.length / packed.ids().length;
      for (int row = 0; row < PACKED.length; row++) {
        int at = row * WIDTH;
        for (int length : PACKED[row]) {
          long[] ids = Arrays.copyOfRange(packed.ids(), at, at + length);
          long[] mask = new long[length];
          Arrays.fill(mask, 1);
          float[] alone = logits(decoder, ids, decoder.positions(mask, 1, length), length);
          float[] found = Arrays.copyOfRange(all, at * vocabulary, (at + length) * vocabulary);
          assertThat(found)
              .as("row %d, %d tokens", row, length)
              .containsExactly(alone, within(2e-5f));
          at += length;
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(live);
  }

  @Test
  void aWeightOfTwoIsTheRowTwice() throws IOException {
    Batch packed = packed();
    float[] weights = new float[packed.ids().length];
    Arrays.fill(weights, 1);
    Arrays.fill(weights, 0, 21, 2);
    try (Decoder decoder = load(Family.LLAMA)) {
      decoder.parameters().forEach(Parameter::train);
      Batch weighted = packed(weights);
      Batch first = row(padded(), 0);
      double once = LanguageModelLoss.evaluate(decoder, packed);
      double more = LanguageModelLoss.evaluate(decoder, first);
      assertThat(LanguageModelLoss.evaluate(decoder, weighted))
          .isCloseTo(once + more, within(1e-4));
      Map<String, float[]> found = gradients(decoder, weighted, false);
      LanguageModelLoss.forwardBackward(decoder, packed, 0.1, false, 0);
      assertEqual(found, gradients(decoder, first, false));
    }
  }

  @Test
  void weightsOfOneChangeNoBit() throws IOException {
    float[] ones = new float[packed().ids().length];
    Arrays.fill(ones, 1);
    try (Decoder decoder = load(Family.LLAMA)) {
      decoder.parameters().forEach(Parameter::train);
      assertThat(LanguageModelLoss.evaluate(decoder, packed(ones)))
          .isEqualTo(LanguageModelLoss.evaluate(decoder, packed()));
      Map<String, float[]> plain = gradients(decoder, packed(), false);
      gradients(decoder, packed(ones), false)
          .forEach((name, values) -> assertThat(values).as(name).isEqualTo(plain.get(name)));
    }
  }

  @Test
  void documentsLongerThanTheirRowAreRefused() throws IOException {
    try (Decoder decoder = load(Family.LLAMA)) {
      assertThatThrownBy(() -> decoder.packedPositions(new int[][] {{3, 6}}, 8))
          .hasMessageContaining("found one of 6 after 3");
    }
  }

  private static Batch packed() {
    return packed(new float[0]);
  }

  private static Batch packed(float[] weights) {
    return rows(PACKED, WIDTH, PACKED, weights);
  }

  /** The same documents, each in its own row. */
  private static Batch padded() {
    int[][] alone =
        Arrays.stream(PACKED)
            .flatMapToInt(Arrays::stream)
            .mapToObj(length -> new int[] {length})
            .toArray(int[][]::new);
    return rows(alone, 21, new int[0][], new float[0]);
  }

  private static Batch row(Batch inputs, int row) {
    int from = row * inputs.length();
    int to = from + inputs.length();
    return new Batch(
        Arrays.copyOfRange(inputs.ids(), from, to),
        Arrays.copyOfRange(inputs.attentionMask(), from, to),
        Arrays.copyOfRange(inputs.labels(), from, to),
        1,
        inputs.length());
  }

  /** Documents numbered through, so that both arrangements have the same tokens and labels. */
  private static Batch rows(int[][] lengths, int width, int[][] documents, float[] weights) {
    long[] ids = new long[lengths.length * width];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    Arrays.fill(labels, TargetRows.IGNORED);
    int document = 0;
    for (int row = 0; row < lengths.length; row++) {
      int at = row * width;
      for (int length : lengths[row]) {
        for (int i = 0; i < length; i++) {
          ids[at + i] = 3L + (document * 131 + i * 37) % 500;
          mask[at + i] = 1;
          labels[at + i] = i == 0 || i % 5 == 3 ? TargetRows.IGNORED : ids[at + i];
        }
        at += length;
        document++;
      }
    }
    return new Batch(ids, mask, labels, lengths.length, width, documents, weights);
  }

  private static float[] logits(Decoder decoder, long[] ids, Positions placed, int width) {
    try (Scope scope = Scope.open();
        Positions positions = placed) {
      Tensor tokens = Tensor.of(ids, ids.length / width, width);
      return decoder.logits(decoder.hidden(Ops.inference(), tokens, positions, false)).toFloats();
    }
  }

  /** What a batch adds to gradients that may not be zero; they are zero afterwards. */
  private static Map<String, float[]> gradients(Decoder decoder, Batch inputs, boolean recompute) {
    LanguageModelLoss.forwardBackward(decoder, inputs, 0.1, recompute, 0);
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Trainable trainable : parameter.trained()) {
        gradients.put(trainable.name(), trainable.gradient().toFloats());
        trainable.gradient().copyFrom(trainable.gradient().scaled(0));
      }
    }
    return gradients;
  }

  private static void assertEqual(Map<String, float[]> found, Map<String, float[]> wanted) {
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach(
        (name, values) ->
            assertThat(found.get(name)).as(name).containsExactly(values, within(1e-4f)));
  }

  /** Larger weights let attention and positions matter. */
  private Decoder load(Family family) throws IOException {
    SmallModel.write(folder, family.config);
    Decoder decoder = Architectures.declareDecoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        Scope scope = Scope.open()) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      List<LinearSlot> linears = decoder.linears();
      linears.stream()
          .map(slot -> slot.linear().parameters().get(0).value())
          .forEach(weight -> weight.copyFrom(weight.scaled(5)));
    }
    return decoder;
  }
}
