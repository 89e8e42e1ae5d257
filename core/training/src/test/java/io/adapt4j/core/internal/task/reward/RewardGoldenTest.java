package io.adapt4j.core.internal.task.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.reinforce.GoldenRewards;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rewards, losses and gradients as TRL 0.23 has them: rewards and losses 1e-4, gradients 1e-4. */
class RewardGoldenTest {

  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @EnumSource
  void rewardsAreThoseOfTheLastTokenUnderEitherPadding(PaddingSide side) throws IOException {
    try (GoldenRewards golden = GoldenRewards.open("reward");
        Encoder encoder = load()) {
      float[] found = loss(encoder, 0).evaluate(batch(golden, new float[4], side)).rewards();
      assertThat(Arrays.copyOf(found, 4))
          .containsExactly(golden.floats("rewards_chosen"), within((float) TOLERANCE));
      assertThat(Arrays.copyOfRange(found, 4, 8))
          .containsExactly(golden.floats("rewards_rejected"), within((float) TOLERANCE));
    }
  }

  @ParameterizedTest
  @CsvSource({"plain", "margin", "centered"})
  void lossesAndGradientsAreThoseOfTheReference(String name) throws IOException {
    try (GoldenRewards golden = GoldenRewards.open("reward");
        Encoder encoder = load()) {
      encoder.parameters().forEach(Parameter::train);
      JsonNode expected = golden.json().path("losses").path(name);
      float[] margins = new float[4];
      for (int i = 0; i < margins.length; i++) {
        margins[i] = (float) expected.path("margin").path(i).asDouble();
      }
      PairwiseLoss loss = loss(encoder, expected.path("center_rewards_coefficient").asDouble());
      RewardBatch batch = batch(golden, margins, PaddingSide.RIGHT);
      assertThat(loss.forwardBackward(batch, 0.25, false, 0) / 4)
          .isCloseTo(expected.path("loss").asDouble(), within(TOLERANCE));
      assertThat(loss.evaluate(batch).sum() / 4)
          .isCloseTo(expected.path("loss").asDouble(), within(TOLERANCE));
      assertGradient(golden, encoder, name, "score.weight");
      if (name.equals("plain")) {
        assertGradient(golden, encoder, name, "model.embed_tokens.weight");
      }
    }
  }

  private static void assertGradient(
      GoldenRewards golden, Encoder encoder, String name, String parameter) {
    float[] found =
        encoder.parameters().stream()
            .flatMap(other -> other.trained().stream())
            .filter(trainable -> trainable.name().equals(parameter))
            .map(trainable -> trainable.gradient().toFloats())
            .findFirst()
            .orElseThrow();
    assertThat(found)
        .containsExactly(
            golden.floats("grad_" + name + "." + parameter), within((float) TOLERANCE));
  }

  private static PairwiseLoss loss(Encoder encoder, double centering) {
    return new PairwiseLoss(encoder, new PairwiseObjective(centering));
  }

  private static Encoder load() {
    Path folder = GoldenRewards.folder().resolve("reward_model");
    Encoder encoder = Architectures.declareEncoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      encoder.allocate(DType.F32);
      Weights.load(encoder, checkpoint);
      return encoder;
    }
  }

  private static RewardBatch batch(GoldenRewards golden, float[] margins, PaddingSide side) {
    List<TrainingSample> sides = new ArrayList<>();
    for (String name : List.of("chosen", "rejected")) {
      long[] ids = golden.longs("input_ids_" + name);
      long[] mask = golden.longs("attention_mask_" + name);
      int width = ids.length / 4;
      for (int row = 0; row < 4; row++) {
        int from = row * width;
        int[] real =
            IntStream.range(from, from + width)
                .filter(i -> mask[i] == 1)
                .map(i -> Math.toIntExact(ids[i]))
                .toArray();
        sides.add(new TrainingSample(real, real));
      }
    }
    return new RewardBatch(Collator.pad(sides, 0, side), margins, new float[] {1, 1, 1, 1});
  }
}
