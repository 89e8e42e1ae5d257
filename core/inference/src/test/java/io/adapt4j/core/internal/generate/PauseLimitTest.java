package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.AdapterSet;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many tokens of prompts a step reads beside answers. */
class PauseLimitTest {

  private static final long MILLI = 1_000_000;

  private static int settled(long baseMillis, double millisPerToken, long limitMillis) {
    PauseLimit limit = new PauseLimit(Duration.ofMillis(limitMillis), 128);
    for (int step = 0; step < 60; step++) {
      int tokens = limit.tokens();
      limit.took((long) ((baseMillis + millisPerToken * tokens) * MILLI), tokens);
    }
    return limit.tokens();
  }

  @Test
  void stepsSettleBelowTheLimit() {
    int tokens = settled(10, 1, 100);
    assertThat(10 + tokens).isBetween(50, 100);
    assertThat(settled(1, 0.01, 100)).isEqualTo(128);
  }

  @Test
  void aPromptAdvancesEvenIfTheLimitCannotBeKept() {
    assertThat(settled(500, 10, 100)).isEqualTo(PauseLimit.LEAST);
  }

  @Test
  void aStepThatIsNotFullSaysNothingAboutLargerOnes() {
    PauseLimit limit = new PauseLimit(Duration.ofMillis(100), 128);
    int before = limit.tokens();
    limit.took(MILLI, 1);
    assertThat(limit.tokens()).isEqualTo(before);
    limit.took(1_000 * MILLI, 1);
    assertThat(limit.tokens()).isEqualTo(PauseLimit.LEAST);
  }

  @Test
  void withoutALimitStepsAreFull() {
    PauseLimit limit = new PauseLimit(Duration.ZERO, 128);
    limit.took(1_000_000 * MILLI, 128);
    assertThat(limit.isSet()).isFalse();
    assertThat(limit.tokens()).isEqualTo(128);
  }

  /** Kernels that are not the fastest way to read prompts read them all the same. */
  @Test
  void onlyBesideAnswersAreStepsSmallerAndTheAnswersAreTheSame() {
    WrittenSteps.Kernels kernels = new WrittenSteps.Kernels();
    try (TinyDecoder model = TinyDecoder.of("llama_linear");
        PromptCache prompts = new PromptCache(model.decoder(), 0);
        AdapterSet adapters = new AdapterSet(model.decoder());
        RequestBatch batch =
            new RequestBatch(model.generator(), model.decoder(), adapters, kernels)) {
      batch.limitPause(Duration.ofHours(1));
      Request first = request(5);
      batch.add(first, prompts);
      batch.step();
      assertThat(kernels.steps().shares()).containsOnly(Map.entry(0, RequestBatch.STEP));
      batch.step();
      batch.step();
      Request second = request(15);
      batch.add(second, prompts);
      batch.step();
      assertThat(kernels.steps().shares())
          .containsEntry(0, 1)
          .containsEntry(1, 2 * PauseLimit.LEAST);
      batch.finish();
      assertThat(first.await().tokenIds()).startsWith(6, 7, 8, 9, 0).hasSize(12);
      assertThat(second.await().tokenIds()).startsWith(16, 17, 18, 19, 10).hasSize(12);
    }
  }

  private static Request request(int id) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreContextLength(true).build();
    int[] prompt = new int[300];
    Arrays.fill(prompt, id);
    return new Request(prompt, options, RequestScheduler.SILENT, new CancellationToken());
  }
}
