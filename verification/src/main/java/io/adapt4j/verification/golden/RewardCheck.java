package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.task.reward.PairwiseLoss;
import io.adapt4j.core.internal.task.reward.PairwiseObjective;
import io.adapt4j.core.internal.task.reward.RewardBatch;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Report;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Compares rewards, losses and gradients of a reward model with the expected ones. */
record RewardCheck(GoldenFolder golden) {

  private static final double LOSS = 1e-4;

  static void run(Path folder, JsonNode expected, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(folder, expected, "reward.safetensors", section)) {
      RewardCheck check = new RewardCheck(golden);
      for (PaddingSide side : PaddingSide.values()) {
        section.attempt("reward " + side, () -> check.rewards(side));
      }
      section.each("reward ", expected.path("losses"), check::loss);
    }
  }

  private void rewards(PaddingSide side) {
    try (Encoder encoder = load()) {
      RewardBatch batch = batch(side, null);
      float[] found = new PairwiseLoss(encoder, new PairwiseObjective(0)).evaluate(batch).rewards();
      int pairs = batch.size();
      compared("rewards_chosen", side, Arrays.copyOf(found, pairs));
      compared("rewards_rejected", side, Arrays.copyOfRange(found, pairs, 2 * pairs));
    }
  }

  private void compared(String tensor, PaddingSide side, float[] found) {
    golden.compared(
        "reward " + tensor + " padded " + side, Deviation.of(found, golden.floats(tensor), LOSS));
  }

  private void loss(String name, JsonNode expected) {
    try (Encoder encoder = load()) {
      encoder.parameters().forEach(Parameter::train);
      RewardBatch batch = batch(PaddingSide.RIGHT, expected.path("margin"));
      PairwiseLoss loss =
          new PairwiseLoss(
              encoder,
              new PairwiseObjective(expected.path("center_rewards_coefficient").asDouble()));
      double found = loss.forwardBackward(batch, 1.0 / batch.size(), false, 0) / batch.size();
      golden.compared(
          "reward " + name, Deviation.of(found, expected.path("loss").asDouble(), LOSS));
      Map<String, float[]> gradients = Networks.gradients(encoder);
      Gradients.compare(golden, "grad_" + name + ".", gradients, "reward %s");
    }
  }

  private Encoder load() {
    return (Encoder) Networks.load(golden.path().resolve("reward_model"), DType.F32);
  }

  private RewardBatch batch(PaddingSide side, JsonNode margin) {
    List<TrainingSample> sides = new ArrayList<>();
    for (String name : List.of("_chosen", "_rejected")) {
      golden
          .unpadded("input_ids" + name, "attention_mask" + name)
          .forEach(row -> sides.add(new TrainingSample(row, row)));
    }
    float[] margins = new float[sides.size() / 2];
    for (int i = 0; margin != null && i < margins.length; i++) {
      margins[i] = (float) margin.path(i).asDouble();
    }
    return new RewardBatch(Collator.pad(sides, 0, side), margins, Networks.ones(margins.length));
  }
}
