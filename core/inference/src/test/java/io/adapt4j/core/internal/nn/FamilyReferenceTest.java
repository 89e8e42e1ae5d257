package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every family against the numbers of the independent program in src/test/reference. */
class FamilyReferenceTest {

  private static final double TOLERANCE = 1e-4;
  private static final GenerationOptions TWENTY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(20).ignoreEos(true).build();

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#names")
  void hiddenStatesLogitsAndLossEqualTheReference(String name) {
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      Batch right = folder.batch("");
      List<float[]> states = new ArrayList<>(FamilyFolder.states(network, right));
      // The states end with the last layer's before and after the final norm.
      boolean beforeNorm = network.modelConfig().modelType().equals("modernbert");
      states.remove(states.size() - (beforeNorm ? 1 : 2));
      for (int i = 0; i < states.size(); i++) {
        assertThat(folder.error("hidden." + i, states.get(i), right)).isLessThan(TOLERANCE);
      }
      assertOutputs(folder, network, right, "");
      if (folder.has("loss")) {
        assertThat(FamilyFolder.loss(network, right))
            .isCloseTo(folder.floats("loss")[0], within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#names")
  void leftPaddedBatchesEqualTheReference(String name) {
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      Batch left = folder.batch("_left");
      assertOutputs(folder, network, left, "_left");
    }
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void bf16StaysCloseToTheReference(String name) {
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load(DType.BF16)) {
      Batch right = folder.batch("");
      float[] wanted = folder.floats("logits");
      double largest = 0;
      for (float logit : wanted) {
        largest = Math.max(largest, Math.abs(logit));
      }
      double error = folder.error("logits", FamilyFolder.logits(network, right), right);
      assertThat(error / largest).isLessThan(0.15);
    }
  }

  /** Of scores by distance, shared layers, and a convolution. */
  @ParameterizedTest
  @ValueSource(strings = {"mpnet_mlm", "deberta_v2_conv", "deberta_v2_p2c", "albert_mlm"})
  void bf16OfEncodersStaysCloseToTheReferenceAndTrains(String name) {
    bf16StaysCloseToTheReference(name);
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load(DType.BF16)) {
      network.parameters().forEach(Parameter::train);
      assertThat(FamilyFolder.forwardBackward(network, folder.batch(""), false))
          .isCloseTo(folder.floats("loss")[0], within(0.2));
    }
  }

  private static void assertOutputs(
      FamilyFolder folder, Network network, Batch batch, String suffix) {
    String features = "last_hidden_state" + suffix;
    if (folder.has(features)) {
      assertThat(folder.error(features, FamilyFolder.hidden(network, batch), batch))
          .isLessThan(TOLERANCE);
    } else {
      assertThat(folder.error("logits" + suffix, FamilyFolder.logits(network, batch), batch))
          .isLessThan(TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void greedyTextThroughTheCacheEqualsTheReference(String name) throws Exception {
    try (FamilyFolder folder = FamilyFolder.open(name);
        LanguageModel model = LanguageModel.load(ModelSource.path(folder.path()), Precision.FP32)) {
      List<int[]> prompts = prompts(folder);
      assertThat(model.generateIds(prompts.subList(0, 1), TWENTY))
          .containsExactlyElementsOf(folder.rows("generated"));
      assertThat(model.generateIds(prompts, TWENTY))
          .containsExactlyElementsOf(folder.rows("generated_left"));
      int stop = folder.json().get("eos_token_id_for_generated_left_eos").intValue();
      List<int[]> ended =
          model.generateIds(prompts, TWENTY.toBuilder().stopIds(Set.of(stop)).build());
      List<int[]> expected = folder.rows("generated_left_eos");
      for (int row = 0; row < expected.size(); row++) {
        int[] padded = Arrays.copyOf(ended.get(row), expected.get(row).length);
        assertThat(padded).isEqualTo(expected.get(row));
      }
    }
  }

  /** The rows without their padding, which the model adds itself. */
  private static List<int[]> prompts(FamilyFolder folder) {
    List<int[]> masks = folder.rows("attention_mask_left");
    List<int[]> ids = folder.rows("input_ids_left");
    return IntStream.range(0, ids.size())
        .mapToObj(
            row ->
                IntStream.range(0, FamilyFolder.LENGTH)
                    .filter(i -> masks.get(row)[i] == 1)
                    .map(i -> ids.get(row)[i])
                    .toArray())
        .toList();
  }
}
