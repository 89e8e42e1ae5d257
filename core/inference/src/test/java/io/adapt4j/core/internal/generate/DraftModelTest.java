package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A draft model changes how often a model runs, not what it writes. */
class DraftModelTest {

  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(16).ignoreContextLength(true).build();

  /** In fp32; of a model as its own draft all is accepted, of another one little. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void greedyTokensOfEveryFamilyAreThoseWithoutADraft(String family) {
    long before = Tensor.live();
    try (TinyDecoder model = TinyDecoder.of(family)) {
      List<Generation> wanted = answers(model, GREEDY);
      for (String other : List.of(family, "lfm2")) {
        try (TinyDecoder small = TinyDecoder.of(other);
            DraftModel draft = draft(small, 4)) {
          model.generator().useDraft(draft);
          assertThat(answers(model, GREEDY)).as("drafted by %s", other).isEqualTo(wanted);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Prompts that begin alike, so that the draft goes back in what it has read. */
  private static List<Generation> answers(TinyDecoder model, GenerationOptions options) {
    List<Generation> answers = new ArrayList<>();
    for (int length : new int[] {9, 12}) {
      answers.add(model.generate(TinyDecoder.ids(length), options));
    }
    return answers;
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_window", "lfm2", "qwen3_next", "granite_hybrid"})
  void aModelThatDraftsForItselfIsRightInEveryWayOfChoosing(String family) {
    GenerationOptions sampled =
        GenerationOptions.builder()
            .temperature(0.9)
            .topK(20)
            .topP(0.95)
            .seed(4)
            .maxNewTokens(40)
            .ignoreContextLength(true)
            .build();
    List<GenerationOptions> ways =
        List.of(
            GREEDY.toBuilder().maxNewTokens(40).build(),
            sampled,
            sampled.toBuilder().repetitionPenalty(1.3).frequencyPenalty(0.4).build(),
            sampled.toBuilder().logitBias(Map.of(7, 2.0)).minP(0.05).logprobs(2).build());
    try (TinyDecoder model = TinyDecoder.of(family);
        TinyDecoder same = TinyDecoder.of(family);
        DraftModel draft = draft(same, 4)) {
      List<List<Integer>> plain = new ArrayList<>();
      ways.forEach(way -> plain.add(run(model, way).tokenIds()));
      model.generator().useDraft(draft);
      for (int i = 0; i < ways.size(); i++) {
        Run found = run(model, ways.get(i));
        assertThat(found.tokenIds()).as("%d", i).isEqualTo(plain.get(i));
        assertThat(found.passes()).as("%d", i).isEqualTo(1 + 8);
      }
    }
  }

  /**
   * Tokens of 1,000 seeds with a draft of other weights and of 1,000 other seeds without one, at
   * each of the first places: chi-squared of two samples, below its quantile of 0.999.
   */
  @Test
  void sampledTokensHaveTheDistributionWithoutADraft() {
    try (TinyDecoder model = TinyDecoder.of("qwen3_window");
        TinyDecoder other = TinyDecoder.of("granite");
        DraftModel draft = draft(other, 3)) {
      int[][] plain = counts(model, 100_000);
      model.generator().useDraft(draft);
      int[][] drafted = counts(model, 0);
      for (int place = 0; place < PLACES; place++) {
        double statistic = 0;
        int kinds = 0;
        for (int id = 0; id < TinyDecoder.VOCABULARY; id++) {
          int both = plain[place][id] + drafted[place][id];
          if (both >= 10) {
            statistic += Math.pow(plain[place][id] - drafted[place][id], 2) / both;
            kinds++;
          }
        }
        assertThat(kinds).isGreaterThan(5);
        assertThat(statistic).as("place %d", place).isLessThan(quantile(kinds - 1));
      }
    }
  }

  private static final int PLACES = 4;
  private static final int SEEDS = 1_000;

  private static int[][] counts(TinyDecoder model, int firstSeed) {
    int[][] counts = new int[PLACES][TinyDecoder.VOCABULARY];
    GenerationOptions.Builder options =
        GenerationOptions.builder().temperature(0.8).topK(12).topP(0.97).maxNewTokens(PLACES);
    for (int seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
      List<Integer> ids = model.generate(TinyDecoder.ids(5), options.seed(seed).build()).tokenIds();
      for (int place = 0; place < PLACES; place++) {
        counts[place][ids.get(place)]++;
      }
    }
    return counts;
  }

  /** The quantile of 0.999 of chi-squared (Wilson and Hilferty 1931). */
  private static double quantile(int freedom) {
    double share = 2.0 / (9 * freedom);
    return freedom * Math.pow(1 - share + 3.0902 * Math.sqrt(share), 3);
  }

  @Test
  void requestsThatRunTogetherAreNotDraftedFor() {
    try (TinyDecoder model = TinyDecoder.of("granite");
        TinyDecoder same = TinyDecoder.of("granite");
        DraftModel draft = draft(same, 4)) {
      Generation alone = model.generate(TinyDecoder.ids(9), GREEDY);
      model.generator().useDraft(draft);
      List<int[]> prompts = List.of(TinyDecoder.ids(9), TinyDecoder.ids(9));
      assertThat(model.generator().generate(prompts, GREEDY)).containsExactly(alone, alone);
    }
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

  private static DraftModel draft(TinyDecoder model, int tokens) {
    return new DraftModel(
        model.decoder(),
        model.generator().noAdapters(),
        new ReentrantLock(),
        tokens,
        TinyDecoder.VOCABULARY);
  }
}
