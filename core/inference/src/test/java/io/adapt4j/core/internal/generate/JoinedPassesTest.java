package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.adapt4j.core.Cases;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of a group, which a pass of operators processes together. */
class JoinedPassesTest {

  /** Log-probabilities differ by rounding. */
  private static final double TOLERANCE = 2e-3;

  private static List<int[]> prompts(int most, int... lengths) {
    List<int[]> prompts = new ArrayList<>();
    for (int length : lengths) {
      prompts.add(
          new SplittableRandom(prompts.size()).ints(Math.min(length, most), 3, 39).toArray());
    }
    return prompts;
  }

  /**
   * Prompts of a token to more than a chunk, two of which share their first tokens. Where a
   * rotation depends on the length, that of the longest counts ({@code LongGenerationTest}).
   */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void eachIsAnsweredAsAlone(String family) {
    long before = Tensor.live();
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(4)
            .logprobs(0)
            .ignoreContextLength(true)
            .build();
    try (TinyDecoder model = TinyDecoder.of(family)) {
      assumeFalse(model.decoder().rotationChanges(1, Integer.MAX_VALUE), "rotated by the longest");
      int most = model.decoder().positionLimit() - 4;
      List<int[]> prompts = prompts(most, 1, 7, 33, 40, 300, 2);
      int[] longer = prompts.get(3).clone();
      longer[longer.length - 1] ^= 1;
      prompts.add(longer);
      List<Generation> found = model.generator().generate(prompts, options);
      for (int i = 0; i < prompts.size(); i++) {
        Generation wanted = model.generate(prompts.get(i), options);
        assertThat(found.get(i).tokenIds()).as("prompt %d", i).isEqualTo(wanted.tokenIds());
        for (int token = 0; token < 4; token++) {
          assertThat(found.get(i).logprobs().get(token).logprob())
              .as("prompt %d, token %d", i, token)
              .isCloseTo(wanted.logprobs().get(token).logprob(), within(TOLERANCE));
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Each row has its own random numbers, and more rows than run at a time are queued. */
  @Test
  void moreThanABatchHoldsAreAnswered() {
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(5).temperature(1.2).seed(3).build();
    try (TinyDecoder model = TinyDecoder.of("granite")) {
      int[] prompt = {5, 6, 7};
      List<Generation> found =
          model
              .generator()
              .generate(Collections.nCopies(2 * RequestBatch.MOST + 3, prompt), options);
      assertThat(found).hasSize(2 * RequestBatch.MOST + 3);
      assertThat(found.get(0)).isEqualTo(model.generate(prompt, options));
      assertThat(found.stream().map(Generation::tokenIds).distinct().count()).isGreaterThan(30);
      assertThat(model.generator().generate(List.of(prompt, prompt), options))
          .isEqualTo(found.subList(0, 2));
    }
  }

  /** Rows end after one to twelve tokens. */
  @ParameterizedTest
  @ValueSource(strings = {"granite", "qwen3_window", "lfm2", "gemma3n", "mpt", "deepseek_v3"})
  void othersJoinAsRowsEnd(String family) {
    long before = Tensor.live();
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(12)
            .stopIds(Set.of(4, 9, 11, 17, 23, 31))
            .build();
    try (TinyDecoder model = TinyDecoder.of(family)) {
      List<int[]> prompts = prompts(40, IntStream.range(0, 70).map(i -> 1 + i * 7 % 39).toArray());
      List<Generation> found = model.generator().generate(prompts, options);
      for (int i = 0; i < prompts.size(); i += Cases.all() ? 1 : 3) {
        assertThat(found.get(i)).as("%d", i).isEqualTo(model.generate(prompts.get(i), options));
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aPassReadsTheTokensOfAll() {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(5).ignoreContextLength(true).build();
    try (TinyDecoder model = TinyDecoder.of("granite");
        PromptCache none = new PromptCache(model.decoder(), 0);
        RequestBatch batch = model.generator().newBatch(model.generator().noAdapters())) {
      List<Request> group =
          Request.group(
              prompts(100, 3, 64, 65, 66, 9),
              options,
              RequestScheduler.SILENT,
              new CancellationToken(),
              () -> null);
      assertThat(model.generator().answer(group, batch, none)).hasSize(5);
      assertThat(batch.passes()).as("one for the long prompts").isEqualTo(1 + 5);
    }
  }

  @Test
  void aCancelledCallEndsEarly() {
    CancellationToken cancelled = new CancellationToken();
    cancelled.cancel();
    try (TinyDecoder model = TinyDecoder.of("granite")) {
      assertThat(
              model
                  .generator()
                  .generate(prompts(9, 3, 4), GenerationOptions.greedy(), piece -> {}, cancelled))
          .extracting(Generation::finishReason)
          .containsOnly(FinishReason.CANCELLED);
    }
  }

  @Test
  void aFailureOfOneIsThatOfTheCall() {
    long before = Tensor.live();
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(4).stopStrings("x").build();
    try (TinyDecoder model = TinyDecoder.of("granite")) {
      assertThatIllegalStateException()
          .isThrownBy(() -> model.generator().generate(prompts(9, 3, 4), options))
          .withMessageContaining("stopStrings need a tokenizer");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }
}
