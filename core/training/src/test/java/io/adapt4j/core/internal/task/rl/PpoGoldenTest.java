package io.adapt4j.core.internal.task.rl;

import static io.adapt4j.core.Floats.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.GoldenRewards;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.LossNormalization;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rewards, advantages, returns and losses as TRL 0.23 has them; tolerance 1e-4 as its numbers are
 * given. TRL lays the score one place behind the last token where there is room; so do the rows
 * here.
 */
class PpoGoldenTest {

  private static final double TOLERANCE = 1e-4;
  private static final int COLUMNS = 9;

  private GoldenRewards golden;
  private JsonNode expected;
  private boolean[] token;
  private boolean[] place;

  @ParameterizedTest
  @ValueSource(strings = {"default", "discounted"})
  void targetsAndLossesAreThoseOfTheReference(String name) throws IOException {
    try (GoldenRewards opened = GoldenRewards.open("ppo")) {
      golden = opened;
      expected = golden.json().path("cases").path(name);
      token = inverted(golden.mask("padding_mask"));
      place = inverted(golden.mask("padding_mask_p1"));
      double[] rewards = rewards();
      assertClose(rewards, name + ".rewards");
      double[] advantages = advantages(rewards);
      assertClose(advantages, name + ".advantages_raw");
      double[] returns = new double[advantages.length];
      for (int i = 0; i < returns.length; i++) {
        returns[i] = advantages[i] + golden.doubles("values")[i];
      }
      assertClose(returns, name + ".returns");
      double[] white = Whitening.of(only(advantages, token), true);
      assertThat(white)
          .containsExactly(only(golden.doubles(name + ".advantages"), token), within(TOLERANCE));
      assertLosses(white, returns);
    }
  }

  private void assertLosses(double[] advantages, double[] returns) {
    int[] lengths = {advantages.length};
    double clip = expected.path("cliprange").asDouble();
    PolicyLoss.Outcome policy =
        new PolicyLoss(new ClippedRatio(clip, clip), false, 0)
            .of(
                new PolicyTokens(
                    lengths,
                    TokenWeights.of(LossNormalization.DAPO, lengths, 1, false),
                    floats(only(golden.doubles("new_logprobs"), token)),
                    floats(only(golden.doubles("logprobs"), token)),
                    new float[0],
                    floats(advantages)));
    double policyLoss = policy.loss() / LossNormalization.DAPO.divisor(lengths, COLUMNS);
    assertThat(policyLoss).isCloseTo(expected.path("pg_loss").asDouble(), within(TOLERANCE));
    ValueObjective.Outcome values =
        new ValueObjective(expected.path("cliprange_value").asDouble())
            .of(
                floats(only(golden.doubles("vpred"), place)),
                floats(only(golden.doubles("values"), place)),
                floats(only(returns, place)));
    double places = only(returns, place).length;
    assertThat(values.loss() / places)
        .isCloseTo(expected.path("vf_loss").asDouble(), within(TOLERANCE));
    assertThat(values.clipped() / places)
        .isCloseTo(expected.path("vf_clipfrac").asDouble(), within(TOLERANCE));
    assertThat(policyLoss + expected.path("vf_coef").asDouble() * values.loss() / places)
        .isCloseTo(expected.path("loss").asDouble(), within(TOLERANCE));
  }

  private double[] rewards() {
    KlEstimator estimator =
        KlEstimator.valueOf(expected.path("kl_estimator").asText().toUpperCase(Locale.ROOT));
    double coefficient = expected.path("kl_coef").asDouble();
    double[] policy = golden.doubles("logprobs");
    double[] reference = golden.doubles("ref_logprobs");
    double[] scores = golden.doubles("scores");
    double[] rewards = new double[policy.length];
    for (int i = 0; i < rewards.length; i++) {
      rewards[i] = token[i] ? -coefficient * Divergence.of(estimator, policy[i], reference[i]) : 0;
    }
    for (int row = 0; row < scores.length; row++) {
      int last = row * COLUMNS;
      while (last + 1 < (row + 1) * COLUMNS && place[last + 1]) {
        last++;
      }
      rewards[last] += scores[row];
    }
    if (expected.path("whiten_rewards").asBoolean()) {
      double[] white = Whitening.of(only(rewards, place), false);
      int next = 0;
      for (int i = 0; i < rewards.length; i++) {
        rewards[i] = place[i] ? white[next++] : 0;
      }
    }
    return rewards;
  }

  private double[] advantages(double[] rewards) {
    AdvantageEstimation estimation =
        new AdvantageEstimation(expected.path("gamma").asDouble(), expected.path("lam").asDouble());
    double[] values = golden.doubles("values");
    double[] all = new double[rewards.length];
    for (int from = 0; from < all.length; from += COLUMNS) {
      double[] row =
          estimation.advantages(
              Arrays.copyOfRange(rewards, from, from + COLUMNS),
              Arrays.copyOfRange(values, from, from + COLUMNS));
      System.arraycopy(row, 0, all, from, COLUMNS);
    }
    return all;
  }

  private void assertClose(double[] found, String tensor) {
    assertThat(found).containsExactly(golden.doubles(tensor), within(TOLERANCE));
  }

  private static boolean[] inverted(boolean[] mask) {
    boolean[] inverted = new boolean[mask.length];
    for (int i = 0; i < mask.length; i++) {
      inverted[i] = !mask[i];
    }
    return inverted;
  }

  private static double[] only(double[] values, boolean[] wanted) {
    double[] kept = new double[values.length];
    int count = 0;
    for (int i = 0; i < values.length; i++) {
      if (wanted[i]) {
        kept[count++] = values[i];
      }
    }
    return Arrays.copyOf(kept, count);
  }
}
