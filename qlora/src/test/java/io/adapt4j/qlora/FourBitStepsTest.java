package io.adapt4j.qlora;

import static io.adapt4j.core.Floats.difference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.AllKernels;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decoding in one native call a token against the same operator by operator: 4-bit weights, and
 * adapters in front of them and of plain ones.
 */
class FourBitStepsTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");

  private static final int ROWS = 2;
  private static final int PROMPT = 9;
  private static final int STEPS = 6;

  /** The second prompt is shorter: it is padded on the left. */
  private static final int[] PADDING = {0, 3};

  @TempDir private Path temporary;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(AllKernels.ofLayers()).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.qlora.FourBitCase#decoders")
  void everyFamilyGeneratesWhatTheOperatorsDo(String family) throws IOException {
    Path folder = wider(family);
    for (Quantization quantization : List.of(Quantization.nf4(), Quantization.fp4())) {
      try (Decoder decoder = load(folder, quantization)) {
        assertThat(decoder.packedLinears()).hasSameSizeAs(decoder.layerLinears());
        assertStepsAreTheOperators(decoder);
      }
    }
  }

  @Test
  void adaptersRunInFrontOfFourBitWeights() throws IOException {
    Path folder = wider("qwen3_bias");
    Path first = adapter(folder, "first", Lora.rank(4));
    Path second =
        adapter(folder, "second", Lora.rank(6).targets(Targets.names("q_proj", "down_proj")));
    try (Decoder decoder = load(folder, Quantization.nf4())) {
      List<float[]> base = assertStepsAreTheOperators(decoder);
      try (AttachedAdapter below = attach(decoder, first)) {
        List<float[]> adapted = assertStepsAreTheOperators(decoder);
        assertThat(adapted.get(0)).isNotEqualTo(base.get(0));
        try (AttachedAdapter above = attach(decoder, second)) {
          List<float[]> both = assertStepsAreTheOperators(decoder);
          assertThat(both.get(0)).isNotEqualTo(adapted.get(0));
          above.enabled(false);
          assertEqual(assertStepsAreTheOperators(decoder), adapted);
          below.enabled(false);
          assertEqual(assertStepsAreTheOperators(decoder), base);
        }
        below.enabled(true);
        assertEqual(assertStepsAreTheOperators(decoder), adapted);
      }
      assertEqual(assertStepsAreTheOperators(decoder), base);
    }
  }

  /** Prompts and scores go by operators, which do not round; only scales are in fp16. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "NF4 llama_linear",
        "NF4 qwen3_bias",
        "NF4 gemma2_uncapped",
        "NF4 gpt2_by_layer",
        "FP4 qwen3_bias"
      })
  void stepsMayRoundWhatTheyMultiply(String formatAndFamily) throws IOException {
    String[] parts = formatAndFamily.split(" ", 2);
    Quantization format = parts[0].equals("NF4") ? Quantization.nf4() : Quantization.fp4();
    Path folder = wider(parts[1]);
    try (Decoder plain = load(folder, format);
        Decoder rounding = load(folder, WeightFormat.int8Activations(format))) {
      List<float[]> operators = generated(plain, false);
      assertThat(difference(first(generated(rounding, false)), first(operators)))
          .isBetween(1e-7, 1e-3);
      assertThat(difference(first(generated(rounding, true)), first(operators)))
          .isBetween(1e-4, 0.05);
      assertThat(difference(first(generated(plain, true)), first(operators))).isLessThan(1e-4);
    }
  }

  /** Logits after the prompts, since which tokens may have become others. */
  private static float[] first(List<float[]> logits) {
    return logits.get(0);
  }

  /** The kernels read the file's codes, however these came there. */
  @Test
  void stepsRoundOverStoredFourBitWeightsAlike() throws IOException {
    Path folder = wider("qwen3_bias");
    Path stored = temporary.resolve("stored-4bit");
    QuantizedCheckpoint.quantize(folder, stored, Quantization.nf4());
    try (Decoder loaded = load(folder, WeightFormat.int8Activations(Quantization.nf4()));
        Decoder read = load(stored, WeightFormat.int8Activations(WeightFormat.asStored()))) {
      assertEqual(generated(read, true), generated(loaded, true));
    }
  }

  @Test
  void mergedAdaptersArePartOfTheWeights() throws IOException {
    Path folder = wider("qwen3_bias");
    Path stored = adapter(folder, "stored", Lora.rank(4));
    try (Decoder decoder = load(folder, WeightFormat.asStored());
        AttachedAdapter adapter = attach(decoder, stored)) {
      List<float[]> beside = assertStepsAreTheOperators(decoder);
      adapter.merge();
      List<float[]> merged = assertStepsAreTheOperators(decoder);
      for (int i = 0; i < beside.size(); i++) {
        assertThat(merged.get(i)).containsExactly(beside.get(i), within(1e-3f));
      }
    }
  }

  /** Rows of the sum are scaled to lengths of their own: the steps have no operator for that. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withDoraStepsRunByOperators(boolean fourBit) throws IOException {
    Path folder = wider("qwen3_bias");
    Path stored = adapter(folder, "dora", Lora.rank(4).dora());
    try (Decoder decoder = load(folder, fourBit ? Quantization.nf4() : WeightFormat.asStored());
        KvCache cache = decoder.newCache(ROWS, 8)) {
      try (AttachedAdapter adapter = attach(decoder, stored)) {
        assertThat(StepKernels.prepared(decoder, cache, ROWS)).isEmpty();
        adapter.enabled(false);
        assertStepsAreTheOperators(decoder);
      }
      assertStepsAreTheOperators(decoder);
    }
  }

  /** Rows that are no whole groups of 64 columns have no kernel. */
  @Test
  void rowsOfAnotherLengthRunByOperators() {
    FourBitCase.write(temporary, FourBitCase.llama(80, 96, 2, 40, 1, 64), StoredType.F32);
    try (Decoder decoder = load(temporary, Quantization.nf4());
        KvCache cache = decoder.newCache(ROWS, 8)) {
      assertThat(StepKernels.prepared(decoder, cache, ROWS)).isEmpty();
    }
  }

  /** A checkpoint of a family with random weights, of rows that 4-bit kernels take. */
  private Path wider(String family) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config =
        (ObjectNode) mapper.readTree(FAMILIES.resolve(family).resolve("config.json").toFile());
    if (config.has("n_embd")) {
      config.put("n_embd", 128);
    } else {
      config.put("hidden_size", 128).put("intermediate_size", 192);
    }
    if (config.has("head_dim")) {
      config.put("head_dim", 32);
    }
    if (config.has("query_pre_attn_scalar")) {
      config.put("query_pre_attn_scalar", 32);
    }
    Path folder = Files.createDirectory(temporary.resolve(family));
    FourBitCase.write(folder, mapper.writeValueAsString(config), StoredType.F32);
    return folder;
  }

  private static Decoder load(Path folder, WeightFormat format) {
    return (Decoder) FourBitCase.load(folder, format, DType.F32);
  }

  private Path adapter(Path base, String name, Lora lora) {
    Path folder = temporary.resolve(name);
    SplittableRandom random = new SplittableRandom(name.length());
    try (Decoder decoder = load(base, WeightFormat.asStored());
        Adaptation adaptation = Methods.of(lora).attach(decoder, base, 1)) {
      for (Trainable parameter : adaptation.trained()) {
        float[] values = parameter.value().toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) (0.05 * random.nextGaussian());
        }
        try (Tensor drawn = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(drawn);
        }
      }
      adaptation.refresh();
      adaptation.save(folder);
    }
    return folder;
  }

  private static AttachedAdapter attach(Decoder decoder, Path adapter) {
    return AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder);
  }

  /** Returns the logits of every step. */
  private static List<float[]> assertStepsAreTheOperators(Decoder decoder) {
    List<float[]> wanted = generated(decoder, false);
    List<float[]> found = generated(decoder, true);
    assertThat(found).hasSameSizeAs(wanted).hasSize(STEPS);
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i)).containsExactly(wanted.get(i), within(1e-4f));
      for (int row = 0; row < ROWS; row++) {
        assertThat(likeliest(found.get(i), row)).isEqualTo(likeliest(wanted.get(i), row));
      }
    }
    return found;
  }

  private static void assertEqual(List<float[]> found, List<float[]> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i)).isEqualTo(wanted.get(i));
    }
  }

  /** Greedy: the logits of both rows, step by step after the prompts. */
  private static List<float[]> generated(Decoder decoder, boolean inSteps) {
    try (KvCache cache = decoder.newCache(ROWS, PROMPT + STEPS)) {
      int vocabulary = decoder.dimensions().vocabularySize();
      long[] prompts = new SplittableRandom(7).longs((long) ROWS * PROMPT, 1, vocabulary).toArray();
      float[] last = forward(decoder, cache, prompts, PROMPT);
      List<float[]> logits = new ArrayList<>();
      try (DecoderSteps steps =
          inSteps ? StepKernels.prepared(decoder, cache, ROWS).orElseThrow() : null) {
        for (int i = 0; i < STEPS; i++) {
          float[] before = last;
          int[] ids = IntStream.range(0, ROWS).map(row -> likeliest(before, row)).toArray();
          last =
              steps == null
                  ? forward(decoder, cache, Arrays.stream(ids).asLongStream().toArray(), 1)
                  : step(cache, steps, ids, vocabulary);
          logits.add(last);
        }
      }
      return logits;
    }
  }

  private static float[] step(KvCache cache, DecoderSteps steps, int[] ids, int vocabulary) {
    int place = Math.toIntExact(cache.length());
    int[] likeliest =
        steps.run(
            IntStream.range(0, ROWS)
                .mapToObj(row -> new DecoderSteps.Token(ids[row], row, place, PADDING[row], true))
                .toList());
    cache.advance(1);
    float[] logits = new float[ROWS * vocabulary];
    for (int row = 0; row < ROWS; row++) {
      steps.logits(row, logits, row * vocabulary);
      assertThat(likeliest[row]).isEqualTo(likeliest(logits, row));
    }
    return logits;
  }

  private static int likeliest(float[] logits, int row) {
    int vocabulary = logits.length / ROWS;
    return IntStream.range(0, vocabulary)
        .reduce((a, b) -> logits[row * vocabulary + b] > logits[row * vocabulary + a] ? b : a)
        .orElseThrow();
  }

  private static float[] forward(Decoder decoder, KvCache cache, long[] ids, int count) {
    int total = Math.toIntExact(cache.length()) + count;
    long[] mask = new long[ROWS * total];
    Arrays.fill(mask, 1);
    for (int row = 0; row < ROWS; row++) {
      Arrays.fill(mask, row * total, row * total + PADDING[row], 0);
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, ROWS, count, cache)) {
      Tensor hidden =
          decoder.hidden(Ops.inference(), Tensor.of(ids, ROWS, count), positions, false);
      return decoder.logits(hidden.narrow(1, count - 1L, 1)).toFloats();
    }
  }
}
