package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.primitives.Ints;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.task.rl.PolicyTokens;
import io.adapt4j.core.internal.task.rl.TokenWeights;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Checks policy losses and their gradients on stored log-probabilities, then through a model. */
final class PolicyCheck {

  static final Kind KIND =
      new Kind(
          "policy losses",
          source -> MethodParts.hasCase(source, "losses", "importance_sampling_level"),
          (source, section) -> {
            try (GoldenFolder golden = MethodParts.open(source, section)) {
              new PolicyCheck(golden).run();
            }
          });

  private static final double LOSS = 2e-6;
  private static final double GRADIENT = 1e-6;
  private static final double METRIC = 1e-5;

  private final GoldenFolder golden;
  private final int width;
  private final long[] mask;

  private PolicyCheck(GoldenFolder golden) {
    this.golden = golden;
    this.width = golden.dimension("completion_mask", 1);
    this.mask = golden.longs("completion_mask");
  }

  private void run() {
    golden.section().each("", golden.json().path("losses"), (name, options) -> loss(name, options));
    golden.attempt(
        "model",
        () -> {
          if (golden.json().has("model")) {
            PolicyModelCheck.run(golden);
          }
        });
  }

  private void loss(String name, JsonNode options) {
    PolicyCase policy = new PolicyCase(options);
    PolicyLoss loss = policy.loss();
    Columns columns = columns(policy, loss);
    PolicyLoss.Outcome found = loss.of(tokens(policy, columns));
    double divisor = policy.divisor(columns.counted(), width);
    golden.compared(
        name, Deviation.scaled(found.loss() / divisor, options.path("loss").asDouble(), LOSS));
    gradient("grad." + name, columns, found.derivative(), divisor);
    if (loss.entropyCoefficient() != 0) {
      gradient("grad_entropies." + name, columns, found.byEntropies(), divisor);
    }
    metrics(name, options.path("metrics"), columns, found, loss);
  }

  private void gradient(String tensor, Columns columns, float[] found, double divisor) {
    if (golden.has(tensor)) {
      float[] all = new float[mask.length];
      for (int i = 0; i < found.length; i++) {
        all[columns.places()[i]] = (float) (found[i] / divisor);
      }
      golden.compared(tensor, Deviation.scaled(all, golden.floats(tensor), GRADIENT));
    }
  }

  /** Compares means over tokens, where every token counts. */
  private void metrics(
      String name, JsonNode metrics, Columns columns, PolicyLoss.Outcome found, PolicyLoss loss) {
    double tokens = Math.max(1, Arrays.stream(columns.counted()).sum());
    if (columns.places().length != (int) tokens) {
      return;
    }
    boolean every = loss.topEntropy() == 1 && Double.isInfinite(loss.offPolicyLimit());
    metric(name, metrics, "kl", found.kl() / tokens);
    if (every && !loss.ofSequences()) {
      metric(name, metrics, "clip_ratio/low_mean", found.clippedLow() / tokens);
      metric(name, metrics, "clip_ratio/high_mean", found.clippedHigh() / tokens);
      metric(name, metrics, "cispo_clip_ratio", found.clippedHigh() / tokens);
    }
  }

  private void metric(String name, JsonNode metrics, String metric, double found) {
    if (metrics.has(metric)) {
      golden.compared(
          name + " " + metric, Deviation.scaled(found, metrics.path(metric).asDouble(), METRIC));
    }
  }

  /**
   * Tokens of the batch row by row.
   *
   * @param lengths tokens of each row
   * @param places their positions in the padded tensors
   * @param counted trained tokens of each completion
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Columns(int[] lengths, TokenWeights weights, int[] places, int[] counted) {}

  private Columns columns(PolicyCase policy, PolicyLoss loss) {
    long[] trained = mask.clone();
    if (policy.uses("tool_mask")) {
      long[] tools = golden.longs("tool_mask");
      for (int i = 0; i < trained.length; i++) {
        trained[i] *= tools[i];
      }
    }
    int[] counted = new int[trained.length / width];
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < trained.length; i++) {
      if (trained[i] == 1) {
        places.add(i);
        counted[i / width]++;
      }
    }
    if (policy.normalization() == LossNormalization.LUSPO) {
      return withPadding(trained, counted, loss.ofSequences());
    }
    int most = policy.options().path("max_completion_length").asInt(width);
    return new Columns(
        counted,
        TokenWeights.of(policy.normalization(), counted, most, loss.ofSequences()),
        Ints.toArray(places),
        counted);
  }

  /**
   * Adds the padding of each completion as a row, as the reference takes the mean over columns with
   * it. Ratios of sequences are those of the tokens alone.
   */
  private Columns withPadding(long[] trained, int[] counted, boolean ofSequences) {
    int rows = counted.length;
    int[] lengths = new int[2 * rows];
    double[] ofTokens = new double[2 * rows];
    double[] ofDivergences = new double[2 * rows];
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < 2 * rows; i++) {
      int row = i / 2;
      boolean padding = i % 2 == 1;
      lengths[i] = padding ? width - counted[row] : counted[row];
      ofDivergences[i] = (double) counted[row] / width;
      ofTokens[i] = ofSequences ? (padding ? 0 : 1) : ofDivergences[i];
      for (int place = row * width; place < (row + 1) * width; place++) {
        if (trained[place] == (padding ? 0 : 1)) {
          places.add(place);
        }
      }
    }
    double tokens = Math.max(1, Arrays.stream(counted).sum());
    return new Columns(
        lengths,
        new TokenWeights(ofTokens, ofDivergences, rows / tokens),
        Ints.toArray(places),
        counted);
  }

  private PolicyTokens tokens(PolicyCase policy, Columns columns) {
    float[] ofRows = golden.floats("advantages");
    float[] advantages = new float[columns.places().length];
    for (int i = 0; i < advantages.length; i++) {
      advantages[i] = ofRows[columns.places()[i] / width];
    }
    return new PolicyTokens(
        columns.lengths(),
        columns.weights(),
        at(columns, "per_token_logps"),
        at(columns, "entropies"),
        used(policy, columns, "old_per_token_logps"),
        used(policy, columns, "sampling_per_token_logps"),
        at(columns, "ref_per_token_logps"),
        advantages,
        used(policy, columns, "importance_sampling_ratio"));
  }

  private float[] used(PolicyCase policy, Columns columns, String tensor) {
    return policy.uses(tensor) ? at(columns, tensor) : new float[0];
  }

  private float[] at(Columns columns, String tensor) {
    float[] all = golden.floats(tensor);
    float[] kept = new float[columns.places().length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = all[columns.places()[i]];
    }
    return kept;
  }
}
