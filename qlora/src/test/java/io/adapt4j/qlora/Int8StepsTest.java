package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decoding with 8-bit weights: steps in one native call multiply them as they are, by tokens that
 * are rounded to 8 bits too.
 */
class Int8StepsTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");
  private static final Path HELD_OUT =
      Path.of("..", "examples", "data", "tinystories", "heldout.jsonl");
  private static final int CHARACTERS = 600;

  /** Codes that fall to the other side of a half. */
  private static final double LIMIT = 1e-3;

  private static final int PROMPT = 9;
  private static final int STEPS = 6;

  @BeforeEach
  void needTheLibrary() {
    Int8Case.needTheLibrary();
  }

  /** Families that are decoded operator by operator. */
  private static final Set<String> BY_OPERATORS =
      Set.of("bloom", "bloom_heads", "mpt", "mpt_bias", "olmo", "opt_after");

  static Stream<String> families() {
    try (Stream<Path> folders = Files.list(FAMILIES)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("generation_config.json")))
          .map(folder -> folder.getFileName().toString())
          .filter(family -> !BY_OPERATORS.contains(family))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void stepsGiveTheLogitsOfOperatorsThatTakeRoundedTokens(String family) {
    try (Decoder decoder = load(FAMILIES.resolve(family), Quantization.int8());
        Decoder rounding = load(FAMILIES.resolve(family), Quantization.int8())) {
      RoundedTokens.install(rounding);
      Logits logits = decode(decoder, rounding);
      assertThat(logits.difference()).isLessThan(LIMIT);
    }
  }

  /**
   * Prompts and scores keep the layer as it is, so only steps differ, by a rounded product more.
   */
  @ParameterizedTest
  @MethodSource("families")
  void theOutputLayerMayBeRoundedInStepsToo(String family) {
    Path folder = FAMILIES.resolve(family);
    long before = Tensor.live();
    try (Decoder with = load(folder, Quantization.int8().outputLayer(true));
        Decoder without = load(folder, Quantization.int8())) {
      Logits plain = decode(without, without);
      long loaded = Tensor.live();
      Logits rounded = decode(with, without);
      assertThat(rounded.ofOperators()).containsExactlyElementsOf(plain.ofOperators());
      assertThat(Int8Case.difference(joined(rounded.ofSteps()), joined(plain.ofSteps())))
          .isBetween(1e-4, 0.02);
      assertThat(Tensor.live()).isEqualTo(loaded);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** What decoding adds to the rounding of weights, in networks of random ones 16 to 64 wide. */
  @ParameterizedTest
  @MethodSource("families")
  void roundedTokensChangeLogitsByAFewPercent(String family) {
    try (Decoder decoder = load(FAMILIES.resolve(family), Quantization.int8())) {
      Logits logits = decode(decoder, decoder);
      assertThat(logits.difference()).isBetween(1e-3, 0.06);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"smollm3", "gemma3n", "gemma4", "gemma4_one", "gemma4_moe"})
  void anAdapterIsAddedInStepsToo(String family, @TempDir Path temporary) {
    Path folder = FAMILIES.resolve(family);
    try (Decoder decoder = load(folder, Quantization.int8());
        Decoder rounding = load(folder, Quantization.int8())) {
      try (Adaptation adaptation = Methods.of(Lora.rank(2)).attach(decoder, folder, 1)) {
        FourBitLoraTest.randomize(adaptation);
        adaptation.save(temporary);
      }
      List<float[]> base = decode(decoder, rounding).ofSteps();
      RoundedTokens.install(rounding);
      Adapter adapter = LoraAdapter.at(temporary);
      try (AttachedAdapter ofSteps = AdapterMechanics.of(adapter).attach(decoder);
          AttachedAdapter ofOperators = AdapterMechanics.of(adapter).attach(rounding)) {
        Logits logits = decode(decoder, rounding);
        assertThat(Int8Case.difference(joined(logits.ofSteps()), joined(base))).isGreaterThan(0.1);
        assertThat(logits.difference()).isLessThan(LIMIT);
      }
    }
  }

  /** The same tokens' logits by steps and by operators, after a prompt. */
  private record Logits(List<float[]> ofSteps, List<float[]> ofOperators) {

    double difference() {
      return Int8Case.difference(joined(ofSteps), joined(ofOperators));
    }
  }

  private static Logits decode(Decoder bySteps, Decoder byOperators) {
    int vocabulary = Math.toIntExact(bySteps.head().weight().sizes()[0]);
    SplittableRandom random = new SplittableRandom(7);
    int[] prompt = random.ints(PROMPT, 1, vocabulary).toArray();
    List<float[]> found = new ArrayList<>();
    List<float[]> wanted = new ArrayList<>();
    try (KvCache ofSteps = bySteps.newCache(1, PROMPT + STEPS);
        KvCache ofOperators = byOperators.newCache(1, PROMPT + STEPS);
        DecoderSteps steps = StepKernels.prepared(bySteps, ofSteps, 1).orElseThrow()) {
      for (int id : prompt) {
        step(steps, ofSteps, id, vocabulary);
      }
      Int8Case.forward(byOperators, ofOperators, prompt);
      for (int i = 0; i < STEPS; i++) {
        int id = random.nextInt(1, vocabulary);
        found.add(step(steps, ofSteps, id, vocabulary));
        wanted.add(Int8Case.forward(byOperators, ofOperators, id));
      }
    }
    return new Logits(found, wanted);
  }

  private static float[] joined(List<float[]> all) {
    int size = all.get(0).length;
    float[] joined = new float[all.size() * size];
    for (int i = 0; i < all.size(); i++) {
      System.arraycopy(all.get(i), 0, joined, i * size, size);
    }
    return joined;
  }

  /** What decoding loses is what counts: products of rounded weights with rounded tokens. */
  @Test
  void aRealModelLosesNothingThatCanBeMeasured() {
    Dataset data = Datasets.jsonl(HELD_OUT);
    List<String> stories =
        IntStream.range(0, 12)
            .mapToObj(row -> ((Example.Text) data.get(row)).text())
            .map(text -> text.substring(0, Math.min(CHARACTERS, text.length())))
            .toList();
    List<TokenScores> exact;
    List<TokenScores> found;
    try (LanguageModel plain = LanguageModel.load(ModelSource.path(STORIES), Precision.FP32);
        LanguageModel int8 = Int8Case.loadModel(STORIES)) {
      List<ScoringRequest> requests =
          stories.stream().map(text -> new ScoringRequest("", text)).toList();
      exact = plain.scoreAll(requests);
      found = int8.scoreAll(requests);
    }
    double wanted = perplexity(exact);
    assertThat(perplexity(found)).isNotEqualTo(wanted).isCloseTo(wanted, within(0.005 * wanted));
    for (boolean outputLayer : List.of(false, true)) {
      try (Decoder decoder = load(STORIES, Quantization.int8().outputLayer(outputLayer))) {
        assertThat(perplexityOfSteps(decoder, exact))
            .isNotEqualTo(wanted)
            .isCloseTo(wanted, within(0.005 * wanted));
      }
    }
  }

  private static double perplexity(List<TokenScores> scores) {
    double sum = scores.stream().mapToDouble(TokenScores::sum).sum();
    return Math.exp(-sum / scores.stream().mapToInt(score -> score.tokenIds().size()).sum());
  }

  /** The perplexity of the same tokens, decoded one by one after the token that begins a text. */
  private static double perplexityOfSteps(Decoder decoder, List<TokenScores> texts) {
    int vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    double sum = 0;
    int count = 0;
    for (TokenScores text : texts) {
      int length = text.tokenIds().size();
      try (KvCache cache = decoder.newCache(1, length + 1);
          DecoderSteps steps = StepKernels.prepared(decoder, cache, 1).orElseThrow()) {
        int id = 1;
        for (int next : text.tokenIds()) {
          sum += logProbability(step(steps, cache, id, vocabulary), next);
          id = next;
        }
        count += length;
      }
    }
    return Math.exp(-sum / count);
  }

  private static double logProbability(float[] logits, int token) {
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return logits[token] - most - Math.log(sum);
  }

  @Test
  void generatingIsTheSameAsWithPlainWeights() {
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(40).build();
    try (LanguageModel plain = LanguageModel.load(ModelSource.path(STORIES), Precision.FP32);
        LanguageModel int8 = Int8Case.loadModel(STORIES)) {
      String wanted = plain.generate("Once upon a time", options);
      assertThat(int8.generate("Once upon a time", options).substring(0, 40))
          .isEqualTo(wanted.substring(0, 40));
      assertThat(int8.asGenerator().identity()).isNotEqualTo(plain.asGenerator().identity());
    }
  }

  private static float[] step(DecoderSteps steps, KvCache cache, int id, int vocabulary) {
    steps.run(List.of(new Token(id, 0, Math.toIntExact(cache.length()), 0, true)));
    cache.advance(1);
    float[] logits = new float[vocabulary];
    steps.logits(0, logits, 0);
    return logits;
  }

  private static Decoder load(Path folder, WeightFormat format) {
    return (Decoder) FourBitCase.load(folder, format, DType.F32);
  }
}
