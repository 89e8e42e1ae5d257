package io.adapt4j.core.internal.generate;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.load.NextTokenLayers;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model's own layer for further tokens changes how often it runs, not what it writes. */
class NextTokenDraftTest {

  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(40).ignoreContextLength(true).build();

  private static final GenerationOptions SAMPLED =
      GREEDY.toBuilder().temperature(0.9).topK(20).topP(0.95).seed(4).build();

  private static final List<GenerationOptions> WAYS =
      List.of(
          GREEDY,
          SAMPLED,
          SAMPLED.toBuilder().repetitionPenalty(1.3).frequencyPenalty(0.4).build());

  @TempDir private Path folder;

  static Stream<String> families() {
    return NextTokenFolder.FAMILIES.stream();
  }

  /** The layer's input by plain loops; its decoder layer as the only one of a model. */
  @ParameterizedTest
  @MethodSource("families")
  void itsLogitsAreThoseOfItsDefinition(String family) throws IOException {
    NextTokenFolder made = NextTokenFolder.random(family);
    int[] ids = TinyDecoder.ids(12);
    int length = ids.length - 1;
    try (TinyDecoder model = load(made.write(folder.resolve("model")));
        NextTokenLayer layer = NextTokenLayers.load(model.model());
        Scope scope = Scope.open()) {
      float[] states = states(model.decoder(), Arrays.copyOf(ids, length));
      float[] found = logits(layer, Arrays.copyOfRange(ids, 1, ids.length), states);
      NextTokenFolder plain = PlainNextToken.model(made, ids, states);
      try (TinyDecoder single = load(plain.write(folder.resolve("single")))) {
        int[] rows = IntStream.range(0, length).toArray();
        float[] wanted =
            single
                .decoder()
                .logits(Tensor.of(states(single.decoder(), rows), length, NextTokenFolder.HIDDEN))
                .toFloats();
        assertThat(found).containsExactly(wanted, within(1e-5f));
      }
    }
  }

  /** Logits of the layer, of the first five tokens and of each further one. */
  private static float[] logits(NextTokenLayer layer, int[] ids, float[] states) {
    Ops ops = Ops.inference();
    List<Tensor> parts = new ArrayList<>();
    Tensor all = Tensor.of(states, 1, ids.length, NextTokenFolder.HIDDEN);
    try (KvCache cache = layer.newCache(64)) {
      for (int from = 0; from < ids.length; from += from == 0 ? 5 : 1) {
        int count = from == 0 ? 5 : 1;
        NextTokenLayer.Output output =
            layer.read(
                ops,
                Arrays.copyOfRange(ids, from, from + count),
                all.narrow(1, from, count).copyAs(all.type()),
                cache);
        parts.add(layer.logits(output.normed().viewed(count, NextTokenFolder.HIDDEN)));
      }
      return Tensor.concatenated(parts, 0).toFloats();
    }
  }

  private static float[] states(Decoder decoder, int[] ids) {
    return hidden(decoder, ids).toFloats();
  }

  private static Tensor hidden(Decoder decoder, int[] ids) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    try (Positions positions = decoder.positions(mask, 1, ids.length)) {
      long[] input = Arrays.stream(ids).asLongStream().toArray();
      return decoder.hidden(Ops.inference(), Tensor.of(input, 1, ids.length), positions, false);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void tokensAreThoseWithoutItWhetherItGuessesRightOrNot(String family) throws IOException {
    long before = Tensor.live();
    Path random = NextTokenFolder.random(family).write(folder.resolve("random"));
    Path right = NextTokenFolder.random(family).counting(false).write(folder.resolve("right"));
    for (Path path : List.of(random, right)) {
      try (TinyDecoder model = load(path)) {
        List<Generation> wanted = answers(model);
        for (int tokens : new int[] {1, 4}) {
          model.generator().useDraft(draft(model, tokens));
          assertThat(answers(model)).as("%s, %d", path, tokens).isEqualTo(wanted);
        }
        model.generator().closeDraft();
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Texts that begin alike, alone and together, and one that begins in the prompt cache. */
  private static List<Generation> answers(TinyDecoder model) {
    List<Generation> answers = new ArrayList<>();
    for (GenerationOptions way : WAYS) {
      answers.add(model.generate(TinyDecoder.ids(9), way));
      answers.add(model.generate(TinyDecoder.ids(12), way));
      answers.addAll(
          model.generator().generate(List.of(TinyDecoder.ids(9), TinyDecoder.ids(7)), way));
    }
    try (PromptCache prompts = new PromptCache(model.decoder(), 1 << 20)) {
      answers.add(model.generate(TinyDecoder.ids(20), prompts, SAMPLED));
      answers.add(model.generate(TinyDecoder.ids(24), prompts, SAMPLED));
    }
    return answers;
  }

  /** Of 40 tokens the first comes from the prompt; each pass checks four guesses and adds one. */
  @ParameterizedTest
  @MethodSource("families")
  void allGuessesOfALayerThatKnowsWhatComesAreAccepted(String family) throws IOException {
    for (boolean fromState : new boolean[] {false, true}) {
      Path path =
          NextTokenFolder.random(family).counting(fromState).write(folder.resolve("" + fromState));
      try (TinyDecoder model = load(path)) {
        model.generator().useDraft(draft(model, 4));
        for (GenerationOptions way : WAYS.subList(0, 2)) {
          Run run = run(model, way);
          assertThat(run.tokenIds().get(0)).isEqualTo(TinyDecoder.ids(12)[11] + 1);
          assertThat(run.passes()).as("from state: %s", fromState).isEqualTo(1 + 8);
        }
        model.generator().closeDraft();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void afterWrongGuessesItsKeysAreThoseOfATextReadAtOnce(String family) throws IOException {
    try (TinyDecoder model = load(NextTokenFolder.random(family).write(folder))) {
      NextTokenDraft draft = draft(model, 3);
      model.generator().useDraft(draft);
      int[] prompt = TinyDecoder.ids(9);
      List<Integer> answer = model.generate(prompt, SAMPLED).tokenIds();
      int[] text =
          IntStream.concat(Arrays.stream(prompt), answer.stream().mapToInt(Integer::intValue))
              .toArray();
      int held = draft.held();
      assertThat(held).isGreaterThan(prompt.length);
      try (NextTokenDraft cold = draft(model, 3)) {
        int[] ids = Arrays.copyOf(text, held);
        try (Scope scope = Scope.open()) {
          cold.read(new int[0], 0, ids, hidden(model.decoder(), ids));
        }
        cold.guess(text, held + 1, 1, null);
        // The model's states round differently where it reads one token at a time.
        assertThat(keys(draft)).containsExactly(keys(cold), within(1e-4f));
      }
      model.generator().closeDraft();
    }
  }

  private static float[] keys(NextTokenDraft draft) {
    try (Scope scope = Scope.open()) {
      Tensor keys = draft.cache().parts().get(0).block().keys(0);
      return keys.narrow(2, 0, draft.held()).copyAs(keys.type()).toFloats();
    }
  }

  @Test
  void anOwnTableAndOutputAreReadOnlyWhereTheyDifferFromTheModels() throws IOException {
    NextTokenFolder same = NextTokenFolder.random("glm4_moe").counting(false);
    List<Long> shape = same.shapes.get("lm_head.weight");
    float[] head = same.values.get("lm_head.weight");
    float[] tokens = same.values.get("model.embed_tokens.weight");
    same.put(same.own("embed_tokens.weight"), shape, tokens);
    same.put(same.own("shared_head.head.weight"), shape, head.clone());
    long shared = bytesOfLayer(same.write(folder.resolve("same")), 1 + 8);
    // An output of zeros guesses the first token only.
    same.put(same.own("shared_head.head.weight"), shape, new float[head.length]);
    long own = bytesOfLayer(same.write(folder.resolve("zeros")), 40);
    assertThat(own - shared).isEqualTo(4L * head.length);
  }

  private static long bytesOfLayer(Path path, int passes) {
    try (TinyDecoder model = load(path);
        NextTokenLayer layer = NextTokenLayers.load(model.model())) {
      model.generator().useDraft(draft(model, 4));
      int found = run(model, GREEDY).passes();
      model.generator().closeDraft();
      assertThat(found).isBetween(passes - 4, passes);
      return 4 * layer.network().parameterCount();
    }
  }

  @Test
  void missingTensorsAreNamed() throws IOException {
    NextTokenFolder made = NextTokenFolder.random("deepseek_v3");
    made.remove("hnorm.weight");
    made.remove("q_a_proj.weight");
    try (TinyDecoder model = load(made.write(folder))) {
      refuses(
          CheckpointException.class,
          () -> NextTokenLayers.load(model.model()),
          folder.toString(),
          "missing are model.layers.2.hnorm.weight, model.layers.2.self_attn.q_a_proj.weight.");
    }
  }

  @Test
  void aModelWithoutSuchALayerIsRefused() {
    for (String family : List.of("granite", "deepseek_v3")) {
      try (TinyDecoder model = TinyDecoder.of(family)) {
        refuses(
            CheckpointException.class,
            () -> NextTokenLayers.load(model.model()),
            "config.json: expected a model with layers that predict further tokens",
            family + " without");
      }
    }
    try (TinyDecoder model = TinyDecoder.of("qwen3_next")) {
      refuses(
          CheckpointException.class,
          () -> NextTokenLayers.load(model.model()),
          "missing are mtp.pre_fc_norm_embedding.weight");
    }
  }

  @Test
  void aModelUsesItsLayerByOneCall() throws IOException {
    long before = Tensor.live();
    ModelSource source = ModelSource.path(NextTokenFolder.random("qwen3_5").write(folder));
    try (LanguageModel model = LanguageModel.load(source);
        LanguageModel other = LanguageModel.load(source)) {
      List<int[]> prompts = List.of(TinyDecoder.ids(9));
      Generation wanted = answer(model);
      model.useNextTokenLayer(3);
      model.useNextTokenLayer(2);
      assertThat(answer(model)).isEqualTo(wanted);
      assertThat(model.generateIds(prompts, SAMPLED).get(0))
          .containsExactly(other.generateIds(prompts, SAMPLED).get(0));
      refuses(IllegalArgumentException.class, () -> model.useNextTokenLayer(0), "tokens", "0");
      refuses(IllegalArgumentException.class, () -> other.useDraft(model, 3), "without a draft");
      model.useDraft(other, 3);
      assertThat(answer(model)).isEqualTo(wanted);
      refuses(IllegalArgumentException.class, () -> other.useNextTokenLayer(2), "no other");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Generation answer(LanguageModel model) {
    model.limitPromptCache(0);
    return model.generate(TinyDecoder.ids(9), SAMPLED, text -> {}, new CancellationToken());
  }

  private record Run(List<Integer> tokenIds, int passes) {}

  private static Run run(TinyDecoder model, GenerationOptions options) {
    Request request =
        new Request(TinyDecoder.ids(12), options, RequestScheduler.SILENT, new CancellationToken());
    try (PromptCache prompts = new PromptCache(model.decoder(), 0);
        RequestBatch batch = model.generator().newBatch(model.generator().noAdapters())) {
      batch.add(request, prompts);
      batch.finish();
      return new Run(request.await().tokenIds(), batch.passes());
    }
  }

  private static TinyDecoder load(Path path) {
    LoadedModel model = LoadedModel.load(path, Precision.FP32, WeightFormat.asStored(), List.of());
    return new TinyDecoder(model, new Generator(model.decoder(), Optional.empty(), Set.of()));
  }

  private static NextTokenDraft draft(TinyDecoder model, int tokens) {
    return new NextTokenDraft(model.decoder(), NextTokenLayers.load(model.model()), tokens);
  }
}
