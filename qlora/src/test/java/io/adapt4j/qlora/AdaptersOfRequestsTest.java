package io.adapt4j.qlora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.kernels.internal.AllKernels;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraInit;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests for several adapters on one model at the same time. */
@Timeout(120)
class AdaptersOfRequestsTest {

  static final Path BASE = Path.of("..", "core", "fixtures", "families", "smollm3");
  private static final int VOCABULARY = 38;

  @TempDir private static Path folder;

  private static Map<String, Path> adapters;

  @AutoClose("shutdownNow")
  private static final ExecutorService THREADS = Executors.newCachedThreadPool();

  @BeforeAll
  static void writeAdapters() {
    assumeThat(AllKernels.ofLayers()).isNotEmpty();
    adapters = write(folder);
  }

  /** Writes an adapter of each kind. */
  static Map<String, Path> write(Path folder) {
    Map<String, FineTuningMethod> methods = new LinkedHashMap<>();
    methods.put("plain", Lora.rank(4));
    methods.put(
        "stabilized", Lora.rank(6).rankStabilized().targets(Targets.names("q_proj", "v_proj")));
    methods.put("residual", Lora.rank(3).initialize(LoraInit.pissa()));
    methods.put("single", Lora.rank(1).targets(Targets.names("down_proj")));
    methods.put("magnitudes", Lora.rank(4).dora());
    methods.put("scaled", Ia3.create());
    methods.put("head", Lora.rank(2).modulesToSave("lm_head"));
    Map<String, Path> written = new LinkedHashMap<>();
    methods.forEach(
        (name, method) -> {
          written.put(name, folder.resolve(name));
          write(written.get(name), method, written.size());
        });
    return written;
  }

  private static void write(Path output, FineTuningMethod method, int seed) {
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(BASE));
        Checkpoint checkpoint = Checkpoint.open(BASE)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      try (Adaptation adaptation = Methods.of(method).attach(decoder, BASE, seed)) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Trainable parameter : adaptation.trained()) {
          float[] values = parameter.value().toFloats();
          for (int i = 0; i < values.length; i++) {
            values[i] += (float) random.nextDouble(-0.3, 0.3);
          }
          try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
            parameter.value().copyFrom(moved);
          }
        }
        adaptation.refresh();
        adaptation.save(output);
      }
    }
  }

  private static LanguageModel load(WeightFormat weights, Precision precision, String... adapters) {
    Adapter[] all =
        List.of(adapters).stream().map(AdaptersOfRequestsTest::adapter).toArray(Adapter[]::new);
    LanguageModel model = LanguageModel.load(ModelSource.path(BASE), weights, precision, all);
    model.limitPromptCache(0);
    return model;
  }

  private static LanguageModel load(String... adapters) {
    return load(WeightFormat.asStored(), Precision.FP32, adapters);
  }

  private static Adapter adapter(String name) {
    return Adapter.at(adapters.get(name));
  }

  /** Short and long prompts, greedy and sampled answers, with and without guesses. */
  private static Generation ask(LanguageModel model, int number) {
    int[] prompt =
        new SplittableRandom(number).ints(3 + 17L * (number % 3), 3, VOCABULARY).toArray();
    GenerationOptions options =
        GenerationOptions.builder()
            .maxNewTokens(12)
            .temperature(number % 2 == 0 ? 0 : 0.8)
            .seed(number)
            .promptLookupTokens(number % 4 == 0 ? 3 : 0)
            .ignoreEos(true)
            .build();
    return model.generate(prompt, options, text -> {}, new CancellationToken());
  }

  private static List<Generation> answers(LanguageModel model) {
    List<Generation> answers = new ArrayList<>();
    for (int number = 0; number < 6; number++) {
      answers.add(ask(model, number));
    }
    return answers;
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void eachGetsToTheTokenWhatItsAdapterGivesAlone(Precision precision) throws Exception {
    assertMixedIsAlone(WeightFormat.asStored(), precision, false);
  }

  @Test
  void adaptersMixInFrontOfEightBits() throws Exception {
    assertMixedIsAlone(Quantization.int8(), Precision.FP32, true);
  }

  private static void assertMixedIsAlone(WeightFormat weights, Precision precision, boolean packed)
      throws Exception {
    long before = Tensor.live();
    Map<String, List<Generation>> alone = new LinkedHashMap<>();
    List<String> names = new ArrayList<>(adapters.keySet());
    if (packed) {
      names.remove("residual");
    }
    for (String name : names) {
      try (LanguageModel model = load(weights, precision, name)) {
        alone.put(name, answers(model));
      }
    }
    try (LanguageModel model = load(weights, precision)) {
      List<Generation> base = answers(model);
      assertThat(alone.values()).doesNotContain(base);
      assertThat(alone.values()).doesNotHaveDuplicates();
      names.forEach(name -> model.addAdapter(name, adapter(name)));
      assertThat(answers(model)).as("base beside adapters").isEqualTo(base);
      Map<String, List<Future<Generation>>> together = new LinkedHashMap<>();
      for (int number = 0; number < 6; number++) {
        int own = number;
        for (String name : names) {
          together
              .computeIfAbsent(name, key -> new ArrayList<>())
              .add(THREADS.submit(() -> ask(model.withAdapter(name), own)));
        }
        together
            .computeIfAbsent("", key -> new ArrayList<>())
            .add(THREADS.submit(() -> ask(model, own)));
      }
      alone.put("", base);
      for (Map.Entry<String, List<Future<Generation>>> entry : together.entrySet()) {
        for (int number = 0; number < 6; number++) {
          assertThat(entry.getValue().get(number).get())
              .as("%s, request %d", entry.getKey(), number)
              .isEqualTo(alone.get(entry.getKey()).get(number));
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Prompts that begin alike for all adapters, each alone and as prompts of one call. */
  @Test
  void aBeginningIsSharedByRequestsOfTheSameAdapterOnly() throws Exception {
    List<int[]> prompts = new ArrayList<>();
    for (int last = 3; last < 6; last++) {
      int[] prompt = new SplittableRandom(1).ints(42, 3, VOCABULARY).toArray();
      prompt[40] = last;
      prompts.add(prompt);
    }
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreEos(true).build();
    try (LanguageModel model = load()) {
      List<LanguageModel> views = new ArrayList<>(List.of(model));
      adapters.forEach(
          (name, path) -> {
            model.addAdapter(name, Adapter.at(path));
            views.add(model.withAdapter(name));
          });
      List<List<int[]>> alone =
          views.stream()
              .map(
                  view ->
                      prompts.stream()
                          .map(prompt -> view.generateIds(List.of(prompt), options).get(0))
                          .toList())
              .toList();
      List<Future<List<int[]>>> calls =
          views.stream()
              .map(view -> THREADS.submit(() -> view.generateIds(prompts, options)))
              .toList();
      List<Future<int[]>> single =
          views.stream()
              .map(view -> THREADS.submit(() -> view.generateIds(prompts.subList(1, 2), options)))
              .map(ids -> THREADS.submit(() -> ids.get().get(0)))
              .toList();
      for (int i = 0; i < views.size(); i++) {
        assertThat(calls.get(i).get()).usingRecursiveComparison().isEqualTo(alone.get(i));
        assertThat(single.get(i).get()).isEqualTo(alone.get(i).get(1));
      }
    }
  }

  @Test
  void anAdapterTakesTheirPlaceWhereOthersAreInUse() {
    for (String used : List.of("plain", "magnitudes", "head")) {
      try (LanguageModel model = load(used);
          LanguageModel other = load("stabilized")) {
        List<Generation> before = answers(model);
        model.addAdapter("b", adapter("stabilized"));
        LanguageModel view = model.withAdapter("b");
        assertThat(view.activeAdapters()).containsExactly("b");
        assertThat(answers(view)).isEqualTo(answers(other));
        assertThat(score(view)).isEqualTo(score(other));
        assertThat(view.generateIds(List.of(new int[] {5, 6}, new int[] {7}), shortly()))
            .usingRecursiveComparison()
            .isEqualTo(other.generateIds(List.of(new int[] {5, 6}, new int[] {7}), shortly()));
        view.close();
        assertThat(answers(model)).isEqualTo(before);
      }
    }
  }

  private static double score(LanguageModel model) {
    return model.scoreIds(List.of(new TokenSpan(new int[] {4, 5}, new int[] {6}))).get(0).sum();
  }

  private static GenerationOptions shortly() {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(5).ignoreEos(true).build();
  }

  /** What is cached of a prompt belongs to the adapter that it was read with. */
  @Test
  void earlierPromptsOfAnotherAdapterAreNotUsed() {
    try (LanguageModel model = load();
        LanguageModel alone = load("plain")) {
      model.addAdapter("plain", adapter("plain"));
      model.limitPromptCache(1 << 20);
      List<Generation> base = answers(model);
      assertThat(answers(model.withAdapter("plain"))).isEqualTo(answers(alone));
      assertThat(answers(model)).isEqualTo(base);
      assertThat(answers(model.withAdapter("plain"))).isEqualTo(answers(alone));
      model.removeAdapter("plain");
      assertThat(answers(model)).isEqualTo(base);
    }
  }

  @Test
  void aRequestKeepsTheAdapterThatItBeganWith() throws Exception {
    for (String swapped : List.of("plain", "magnitudes", "head")) {
      long before = Tensor.live();
      List<Generation> wanted = new ArrayList<>();
      for (String name : List.of(swapped, "residual")) {
        try (LanguageModel alone = load(name)) {
          wanted.add(longAnswer(alone));
        }
      }
      try (LanguageModel model = load()) {
        model.addAdapter("a", adapter(swapped));
        LanguageModel view = model.withAdapter("a");
        List<Future<Generation>> running = new ArrayList<>();
        List<Future<Generation>> answered = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          running.add(THREADS.submit(() -> longAnswer(view)));
        }
        // Whoever begins meanwhile gets the answer of one of the two, whole.
        model.replaceAdapter("a", adapter("residual"));
        for (int i = 0; i < 3; i++) {
          answered.add(THREADS.submit(() -> longAnswer(view)));
        }
        for (Future<Generation> found : running) {
          assertThat(wanted).contains(found.get());
        }
        for (Future<Generation> found : answered) {
          assertThat(found.get()).isEqualTo(wanted.get(1));
        }
        model.removeAdapter("a");
        assertThat(model.adapterNames()).isEmpty();
        refuses(IllegalArgumentException.class, () -> ask(view, 1), "expected names out of []");
        assertThat(answers(model)).isNotEmpty();
      }
      assertThat(Tensor.live()).isEqualTo(before);
    }
  }

  private static Generation longAnswer(LanguageModel model) {
    GenerationOptions options = shortly().toBuilder().maxNewTokens(400).build();
    return model.generate(new int[] {5}, options, text -> {}, new CancellationToken());
  }

  @Test
  void whatDoesNotFitIsRefusedAndWhatRunsGoesOn() throws Exception {
    try (LanguageModel model = load()) {
      Future<Generation> running = THREADS.submit(() -> ask(model, 3));
      refuses(
          IllegalArgumentException.class, () -> model.withAdapter("unknown"), "found [unknown]");
      model.addAdapter("plain", adapter("plain"));
      refuses(IllegalArgumentException.class, () -> model.replaceAdapter("b", adapter("plain")));
      model.useAdapters("plain");
      model.mergeAdapters();
      refuses(IllegalStateException.class, () -> ask(model.withAdapter("plain"), 1), "Unmerge");
      model.unmergeAdapters();
      assertThat(ask(model.withAdapter("plain"), 1)).isEqualTo(ask(model, 1));
      assertThat(running.get()).isNotNull();
    }
  }
}
