package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Cases;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guesses from the text so far change how often a model runs, not what it writes. */
class PromptLookupTest {

  @Nested
  class Guesses {

    @Test
    void areWhatFollowedTheLastTokensBefore() {
      assertThat(guess(4, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3)).containsExactly(4, 5, 6, 7);
      assertThat(guess(2, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3)).containsExactly(4, 5);
    }

    @Test
    void followTheLongestMatchAndOfSeveralTheLatest() {
      assertThat(guess(1, 1, 2, 3, 8, 9, 3, 7, 1, 2, 3)).containsExactly(8);
      assertThat(guess(1, 2, 3, 8, 9, 2, 3, 7, 5, 2, 3)).containsExactly(7);
      assertThat(guess(1, 3, 8, 9, 3, 7, 5, 3)).containsExactly(7);
    }

    @Test
    void goOnInARepetition() {
      assertThat(guess(5, 9, 1, 2, 1, 2)).containsExactly(1, 2, 1, 2, 1);
      assertThat(guess(3, 4, 4)).containsExactly(4, 4, 4);
    }

    @Test
    void areNoneWhereTheLastTokenIsNew() {
      assertThat(guess(4, 1, 2, 3)).isEmpty();
      assertThat(guess(4, 1)).isEmpty();
    }

    @Test
    void areAtMostAsManyAsThereIsRoomFor() {
      int[] text = {1, 2, 3, 1, 2};
      assertThat(new PromptLookup(4, new DraftCost()).guess(text, 5, 1)).containsExactly(3);
      assertThat(new PromptLookup(4, new DraftCost()).guess(text, 5, 0)).isEmpty();
      assertThat(new PromptLookup(0, new DraftCost()).guess(text, 5, 9)).isEmpty();
    }

    @Test
    void areFewAfterAWrongOneAndMoreAfterEachRightOne() {
      int[] text = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2};
      PromptLookup lookup = new PromptLookup(6, new DraftCost());
      assertThat(lookup.guess(text, 11, 100)).hasSize(6);
      lookup.accepted(6, 0);
      assertThat(lookup.guess(text, 11, 100)).hasSize(1);
      lookup.accepted(1, 1);
      assertThat(lookup.guess(text, 11, 100)).hasSize(3);
      lookup.accepted(3, 3);
      assertThat(lookup.guess(text, 11, 100)).hasSize(6);
    }

    @Test
    void pauseForLongerAndLongerWhileTheyAreWrong() {
      int[] text = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2};
      PromptLookup lookup = new PromptLookup(6, new DraftCost());
      List<Integer> pauses = new ArrayList<>();
      for (int wrong = 0; wrong < 8; wrong++) {
        int pause = 0;
        while (lookup.guess(text, 11, 100).length == 0) {
          pause++;
        }
        pauses.add(pause);
        lookup.accepted(1, 0);
      }
      assertThat(pauses).containsExactly(0, 0, 4, 8, 16, 32, 64, 64);
    }

    private int[] guess(int tokens, int... text) {
      int[] longer = Arrays.copyOf(text, text.length + 2);
      return new PromptLookup(tokens, new DraftCost()).guess(longer, text.length, 100);
    }
  }

  /** In fp32, with attention windows of 6 tokens in four of them, and all kinds of scaling. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void greedyTokensOfEveryFamilyAreThoseWithoutGuesses(String name) {
    try (TinyDecoder model = TinyDecoder.of(name)) {
      // One guess or four by turns, and more than is ever right.
      int few = Cases.isTried(name.hashCode(), 0, 2) ? 4 : 1;
      int[] guesses = Cases.all() ? new int[] {1, 4, 11} : new int[] {few, 11};
      assertSame(model, GenerationOptions.greedy().toBuilder().maxNewTokens(28), guesses);
    }
  }

  @Test
  void samplesAndPenaltiesAreThoseWithoutGuesses() {
    try (TinyDecoder model = TinyDecoder.of("qwen3_window")) {
      for (int seed = 0; seed < 5; seed++) {
        assertSame(
            model,
            GenerationOptions.builder().temperature(0.3).topP(0.9).seed(seed).maxNewTokens(36),
            6);
      }
      assertSame(
          model, GenerationOptions.greedy().toBuilder().repetitionPenalty(1.3).maxNewTokens(36), 6);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17})
  void noMoreTokensAreWrittenThanAskedFor(int most) {
    try (TinyDecoder model = TinyDecoder.of("gpt2_by_layer")) {
      Generation found =
          assertSame(model, GenerationOptions.greedy().toBuilder().maxNewTokens(most), 8);
      assertThat(found.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(found.tokenIds()).hasSize(most);
    }
  }

  @Test
  void learnedPositionsEndWhereTheyDoWithoutGuesses() {
    try (TinyDecoder model = TinyDecoder.of("gpt2_by_layer")) {
      Generation found =
          assertSame(model, GenerationOptions.greedy().toBuilder().maxNewTokens(500), 8);
      assertThat(found.finishReason()).isEqualTo(FinishReason.CONTEXT_LENGTH);
    }
  }

  @Test
  void aStopTokenEndsTheTextAlsoAmongGuesses() {
    try (TinyDecoder model = TinyDecoder.of("llama_linear")) {
      GenerationOptions.Builder options = GenerationOptions.greedy().toBuilder().maxNewTokens(36);
      List<Integer> ids = assertSame(model, options, 8).tokenIds();
      for (int stop : Set.copyOf(ids)) {
        assertThat(assertSame(model, options.stopIds(Set.of(stop)), 8).tokenIds())
            .isEqualTo(ids.subList(0, ids.indexOf(stop) + 1));
      }
    }
  }

  @Test
  void aRepetitionTakesFewerPasses() {
    try (TinyDecoder model = TinyDecoder.of("granite_bias")) {
      assertThat(passes(model, 0)).isEqualTo(36);
      assertThat(passes(model, 8)).isEqualTo(8);
    }
  }

  @Test
  void aPromptReadBeforeIsContinuedWithGuessesToo() {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(20).promptLookupTokens(8).build();
    try (TinyDecoder model = TinyDecoder.of("qwen3_window");
        PromptCache prompts = new PromptCache(model.decoder(), 1L << 30)) {
      Generation first = model.generate(prompt(), prompts, options);
      int[] second =
          IntStream.concat(
                  Arrays.stream(prompt()),
                  first.tokenIds().stream().mapToInt(Integer::intValue).limit(12))
              .toArray();
      Generation found = model.generate(second, prompts, options);
      assertThat(found)
          .isEqualTo(model.generate(second, options.toBuilder().promptLookupTokens(0).build()));
      assertThat(prompts.prefilledTokens()).isEqualTo(prompt().length + 1);
    }
  }

  /** A wrong guess takes their states back to where they were before it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"lfm2", "qwen3_next", "granite_hybrid", "falcon_h1", "nemotron_h", "mamba2"})
  void layersThatKeepStatesAreGuessedForToo(String family) {
    try (TinyDecoder model = TinyDecoder.of(family)) {
      assertThat(model.decoder().keepsStates()).isTrue();
      // A text of one token over and over, which is guessed to go on so, and does.
      GenerationOptions.Builder options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(36).logitBias(Map.of(7, 1000.0));
      assertSame(model, options, 8);
      assertThat(passes(model, options.promptLookupTokens(0).build())).isEqualTo(36);
      assertThat(passes(model, options.promptLookupTokens(8).build())).isLessThan(12);
    }
  }

  private static int passes(TinyDecoder model, int tokens) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(36).promptLookupTokens(tokens).build();
    return passes(model, options);
  }

  private static int passes(TinyDecoder model, GenerationOptions options) {
    Request request =
        new Request(prompt(), options, RequestScheduler.SILENT, new CancellationToken());
    try (PromptCache prompts = new PromptCache(model.decoder(), 0);
        RequestBatch batch = model.generator().newBatch(model.generator().noAdapters())) {
      batch.add(request, prompts);
      batch.finish();
      return batch.passes();
    }
  }

  private static Generation assertSame(
      TinyDecoder model, GenerationOptions.Builder options, int... tokens) {
    Generation plain = model.generate(prompt(), options.promptLookupTokens(0).build());
    for (int guessed : tokens) {
      assertThat(model.generate(prompt(), options.promptLookupTokens(guessed).build()))
          .as("%d tokens", guessed)
          .isEqualTo(plain);
    }
    return plain;
  }

  /** Ten tokens twice. */
  private static int[] prompt() {
    int[] ids = TinyDecoder.ids(10);
    return IntStream.concat(Arrays.stream(ids), Arrays.stream(ids)).toArray();
  }
}
