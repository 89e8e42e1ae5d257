package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.task.reward.PairwiseLoss;
import io.adapt4j.core.internal.task.reward.PairwiseObjective;
import io.adapt4j.core.internal.task.reward.RewardBatch;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Compares rewards, losses and gradients of a reward model with the expected ones. */
final class RewardCheck {

  private static final double LOSS = 1e-4;

  private final Path folder;
  private final Checkpoint tensors;
  private final Report.Section section;

  private RewardCheck(Path folder, Checkpoint tensors, Report.Section section) {
    this.folder = folder;
    this.tensors = tensors;
    this.section = section;
  }

  static void run(Path folder, JsonNode expected, Report.Section section) {
    try (Checkpoint tensors = Checkpoint.openFile(folder.resolve("reward.safetensors"))) {
      RewardCheck check = new RewardCheck(folder, tensors, section);
      for (PaddingSide side : PaddingSide.values()) {
        section.attempt("reward " + side, () -> check.rewards(side));
      }
      expected
          .path("losses")
          .properties()
          .forEach(
              property ->
                  section.attempt(
                      "reward " + property.getKey(),
                      () -> check.loss(property.getKey(), property.getValue())));
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
    section.compared(
        "reward " + tensor + " padded " + side,
        Deviation.of(found, GoldenFolder.floats(tensors, tensor), LOSS, 0));
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
      section.compared(
          "reward " + name, Deviation.of(found, expected.path("loss").asDouble(), LOSS, 0));
      Map<String, float[]> gradients = Networks.gradients(encoder);
      Gradients.compare(
          section,
          tensors,
          "grad_" + name + ".",
          gradients,
          tensor -> "reward " + tensor,
          LOSS,
          Tolerances.RELATIVE);
    }
  }

  private Encoder load() {
    return (Encoder) Networks.load(folder.resolve("reward_model"), DType.F32);
  }

  private RewardBatch batch(PaddingSide side, JsonNode margin) {
    List<TrainingSample> sides = new ArrayList<>();
    for (String name : List.of("chosen", "rejected")) {
      long[] ids = GoldenFolder.longs(tensors, "input_ids_" + name);
      long[] mask = GoldenFolder.longs(tensors, "attention_mask_" + name);
      int width = Math.toIntExact(tensors.entry("input_ids_" + name).shape().get(1));
      for (int from = 0; from < ids.length; from += width) {
        int[] real =
            IntStream.range(from, from + width)
                .filter(i -> mask[i] == 1)
                .map(i -> Math.toIntExact(ids[i]))
                .toArray();
        sides.add(new TrainingSample(real, real));
      }
    }
    float[] margins = new float[sides.size() / 2];
    float[] weights = new float[margins.length];
    Arrays.fill(weights, 1);
    for (int i = 0; margin != null && i < margins.length; i++) {
      margins[i] = (float) margin.path(i).asDouble();
    }
    return new RewardBatch(Collator.pad(sides, 0, side), margins, weights);
  }
}
