package io.adapt4j.core.internal.task.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.GoldenRewards;
import io.adapt4j.core.reinforce.LossNormalization;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Advantages and losses as TRL 0.23 has them; tolerance 1e-4 as its numbers are given. */
class GrpoGoldenTest {

  private static final double TOLERANCE = 1e-4;
  private static final int COLUMNS = 8;

  @ParameterizedTest
  @CsvSource({
    "rewards, group, GROUP_SCALED",
    "rewards, batch, BATCH_SCALED",
    "rewards, none, CENTERED",
    "rewards_equal_group, group, GROUP_SCALED",
    "rewards_equal_group, batch, BATCH_SCALED",
    "rewards_equal_group, none, CENTERED"
  })
  void advantagesCompareTheCompletionsOfAGroup(
      String rewards, String scaling, AdvantageEstimator estimator) throws IOException {
    try (GoldenRewards golden = GoldenRewards.open("grpo")) {
      int group = golden.json().path("num_generations").asInt();
      assertThat(GroupAdvantages.of(estimator, golden.doubles(rewards), group))
          .containsExactly(
              golden.doubles("advantages." + rewards + "." + scaling), within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "grpo",
    "grpo_on_policy",
    "grpo_beta0.04",
    "bnpo",
    "dr_grpo",
    "dapo_eps_high0.28",
    "gspo_sequence"
  })
  void lossesAreThoseOfTheReference(String name) throws IOException {
    try (GoldenRewards golden = GoldenRewards.open("grpo")) {
      JsonNode expected = golden.json().path("losses").path(name);
      int[] lengths = lengths(golden.longs("completion_mask"));
      LossNormalization normalization =
          LossNormalization.valueOf(expected.path("loss_type").asText().toUpperCase(Locale.ROOT));
      PolicyLoss objective =
          new PolicyLoss(
              new ClippedRatio(
                  expected.path("epsilon_low").asDouble(),
                  expected.path("epsilon_high").asDouble()),
              expected.path("importance_sampling_level").asText().equals("sequence"),
              expected.path("beta").asDouble());
      boolean old = expected.path("uses_old_per_token_logps").asBoolean();
      PolicyLoss.Outcome found =
          objective.of(
              new PolicyTokens(
                  lengths,
                  TokenWeights.of(normalization, lengths, COLUMNS, objective.ofSequences()),
                  real(golden, golden.floats("per_token_logps")),
                  old ? real(golden, golden.floats("old_per_token_logps")) : new float[0],
                  real(golden, golden.floats("ref_per_token_logps")),
                  advantages(golden, lengths)));
      double tokens = Arrays.stream(lengths).sum();
      assertThat(found.loss() / normalization.divisor(lengths, COLUMNS))
          .isCloseTo(expected.path("loss").asDouble(), within(TOLERANCE));
      JsonNode metrics = expected.path("metrics");
      if (metrics.has("kl")) {
        assertThat(found.kl() / tokens).isCloseTo(metrics.path("kl").asDouble(), within(TOLERANCE));
      }
      if (!objective.ofSequences()) {
        assertThat(Map.of("low", found.clippedLow() / tokens, "high", found.clippedHigh() / tokens))
            .hasEntrySatisfying("low", near(metrics.path("clip_ratio/low_mean").asDouble()))
            .hasEntrySatisfying("high", near(metrics.path("clip_ratio/high_mean").asDouble()));
      }
    }
  }

  private static Consumer<Double> near(double expected) {
    return found -> assertThat(found).isCloseTo(expected, within(TOLERANCE));
  }

  @Test
  void derivativesAreThoseOfDifferences() throws IOException {
    try (GoldenRewards golden = GoldenRewards.open("grpo")) {
      int[] lengths = lengths(golden.longs("completion_mask"));
      for (boolean sequences : new boolean[] {false, true}) {
        PolicyLoss objective = new PolicyLoss(new ClippedRatio(0.2, 0.2), sequences, 0.04);
        float[] logProbs = real(golden, golden.floats("per_token_logps"));
        float[] derivative = objective.of(tokens(golden, lengths, logProbs)).derivative();
        for (int i = 0; i < logProbs.length; i++) {
          float step = 1e-2f;
          float[] more = logProbs.clone();
          float[] less = logProbs.clone();
          more[i] += step;
          less[i] -= step;
          double up = objective.of(tokens(golden, lengths, more)).loss();
          double down = objective.of(tokens(golden, lengths, less)).loss();
          assertThat(derivative[i])
              .as("token %d, ratios of sequences %s", i, sequences)
              .isCloseTo((float) ((up - down) / ((double) more[i] - less[i])), within(5e-3f));
        }
      }
    }
  }

  private static PolicyTokens tokens(GoldenRewards golden, int[] lengths, float[] logProbs) {
    return new PolicyTokens(
        lengths,
        TokenWeights.of(LossNormalization.GRPO, lengths, COLUMNS, false),
        logProbs,
        real(golden, golden.floats("old_per_token_logps")),
        real(golden, golden.floats("ref_per_token_logps")),
        advantages(golden, lengths));
  }

  private static float[] advantages(GoldenRewards golden, int[] lengths) {
    float[] ofRows = golden.floats("advantages.rewards.group");
    float[] all = new float[Arrays.stream(lengths).sum()];
    int at = 0;
    for (int row = 0; row < lengths.length; row++) {
      Arrays.fill(all, at, at + lengths[row], ofRows[row]);
      at += lengths[row];
    }
    return all;
  }

  private static int[] lengths(long[] mask) {
    int[] lengths = new int[mask.length / COLUMNS];
    for (int i = 0; i < mask.length; i++) {
      lengths[i / COLUMNS] += (int) mask[i];
    }
    return lengths;
  }

  private static float[] real(GoldenRewards golden, float[] padded) {
    long[] mask = golden.longs("completion_mask");
    float[] kept = new float[padded.length];
    int count = 0;
    for (int i = 0; i < padded.length; i++) {
      if (mask[i] == 1) {
        kept[count++] = padded[i];
      }
    }
    return Arrays.copyOf(kept, count);
  }
}
