package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.task.rl.AdvantageEstimation;
import io.adapt4j.core.internal.task.rl.Divergence;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.task.rl.PolicyTokens;
import io.adapt4j.core.internal.task.rl.TokenWeights;
import io.adapt4j.core.internal.task.rl.ValueObjective;
import io.adapt4j.core.internal.task.rl.Whitening;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Report;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Compares rewards, advantages, returns and losses of PPO with the expected ones. The reference
 * places the score of a completion one position after its last token if there is room.
 */
final class PpoCheck {

  private static final double LOSS = 1e-4;

  private final GoldenFolder golden;
  private final String name;
  private final JsonNode options;
  private final boolean[] token;
  private final boolean[] place;
  private final int columns;

  private PpoCheck(GoldenFolder golden, String name, JsonNode options) {
    this.golden = golden;
    this.name = name;
    this.options = options;
    this.token = real("padding_mask");
    this.place = real("padding_mask_p1");
    this.columns = golden.dimension("values", 1);
  }

  static void run(Path folder, JsonNode ppo, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(folder, ppo, "ppo.safetensors", section)) {
      section.each(
          "ppo ",
          ppo.path("cases"),
          (name, options) -> new PpoCheck(golden, name, options).check());
    }
  }

  private void check() {
    double[] values = doubles("values");
    double[] rewards = rewards();
    compared("rewards", rewards, doubles(name + ".rewards"));
    double[] advantages = advantages(rewards, values);
    compared("advantages_raw", advantages, doubles(name + ".advantages_raw"));
    double[] returns = new double[values.length];
    for (int i = 0; i < returns.length; i++) {
      returns[i] = advantages[i] + values[i];
    }
    compared("returns", returns, doubles(name + ".returns"));
    double[] white = Whitening.of(only(advantages, token), true);
    compared("advantages", white, only(doubles(name + ".advantages"), token));
    losses(white, returns);
  }

  private void losses(double[] advantages, double[] returns) {
    int[] lengths = {advantages.length};
    double clip = options.path("cliprange").asDouble();
    PolicyLoss.Outcome policy =
        new PolicyLoss(new ClippedRatio(clip, clip), false, 0)
            .of(
                new PolicyTokens(
                    lengths,
                    TokenWeights.of(LossNormalization.DAPO, lengths, 1, false),
                    ReinforcementCheck.floats(only(doubles("new_logprobs"), token)),
                    ReinforcementCheck.floats(only(doubles("logprobs"), token)),
                    new float[0],
                    ReinforcementCheck.floats(advantages)));
    double policyLoss = policy.loss() / lengths[0];
    number("pg_loss", policyLoss);
    ValueObjective.Outcome values =
        new ValueObjective(options.path("cliprange_value").asDouble())
            .of(
                ReinforcementCheck.floats(only(doubles("vpred"), place)),
                ReinforcementCheck.floats(only(doubles("values"), place)),
                ReinforcementCheck.floats(only(returns, place)));
    double places = only(returns, place).length;
    number("vf_loss", values.loss() / places);
    number("vf_clipfrac", values.clipped() / places);
    number("loss", policyLoss + options.path("vf_coef").asDouble() * values.loss() / places);
  }

  private void number(String field, double found) {
    golden.compared("ppo " + name + " " + field, Deviation.of(found, options.path(field), LOSS));
  }

  private void compared(String tensor, double[] found, double[] wanted) {
    golden.compared(
        "ppo " + name + " " + tensor,
        Deviation.of(ReinforcementCheck.floats(found), ReinforcementCheck.floats(wanted), LOSS));
  }

  private double[] rewards() {
    KlEstimator estimator =
        KlEstimator.valueOf(options.path("kl_estimator").asText().toUpperCase(Locale.ROOT));
    double coefficient = options.path("kl_coef").asDouble();
    double[] policy = doubles("logprobs");
    double[] reference = doubles("ref_logprobs");
    double[] scores = doubles("scores");
    double[] rewards = new double[policy.length];
    for (int i = 0; i < rewards.length; i++) {
      rewards[i] = token[i] ? -coefficient * Divergence.of(estimator, policy[i], reference[i]) : 0;
    }
    for (int row = 0; row < scores.length; row++) {
      int last = row * columns;
      while (last + 1 < (row + 1) * columns && place[last + 1]) {
        last++;
      }
      rewards[last] += scores[row];
    }
    return options.path("whiten_rewards").asBoolean() ? whitened(rewards) : rewards;
  }

  private double[] whitened(double[] rewards) {
    double[] white = Whitening.of(only(rewards, place), false);
    double[] all = new double[rewards.length];
    int next = 0;
    for (int i = 0; i < all.length; i++) {
      all[i] = place[i] ? white[next++] : 0;
    }
    return all;
  }

  private double[] advantages(double[] rewards, double[] values) {
    AdvantageEstimation estimation =
        new AdvantageEstimation(options.path("gamma").asDouble(), options.path("lam").asDouble());
    double[] all = new double[rewards.length];
    for (int from = 0; from < all.length; from += columns) {
      double[] row =
          estimation.advantages(
              Arrays.copyOfRange(rewards, from, from + columns),
              Arrays.copyOfRange(values, from, from + columns));
      System.arraycopy(row, 0, all, from, columns);
    }
    return all;
  }

  private double[] doubles(String tensor) {
    return ReinforcementCheck.doubles(golden.floats(tensor));
  }

  private boolean[] real(String mask) {
    ByteBuffer bytes = golden.tensors().bytes(mask);
    boolean[] real = new boolean[bytes.remaining()];
    for (int i = 0; i < real.length; i++) {
      real[i] = bytes.get() == 0;
    }
    return real;
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
