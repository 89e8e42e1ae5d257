package io.adapt4j.core.internal.nn.head;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.TextLoss;
import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** New output layers on checkpoints of every family, under the names of Transformers 4.57. */
class OutputLayerTest {

  static Stream<Arguments> outputs() {
    return FamilyFolder.cases("output");
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void aCheckpointWithoutTheLayerGetsOneAndKeepsAllElse(
      String family, String className, String fresh) {
    long before = Tensor.live();
    try (FamilyFolder folder = FamilyFolder.open(family);
        Checkpoint checkpoint = Checkpoint.open(folder.path())) {
      ModelConfig base = ModelConfig.read(folder.path());
      OutputLayer layer =
          Arrays.stream(OutputLayer.values())
              .filter(outputLayer -> className.endsWith(outputLayer.suffix()))
              .findFirst()
              .orElseThrow();
      assertThat(layer.className(base)).isEqualTo(className);
      try (Encoder network = declared(base, className, 5)) {
        network.initializeNew(NewParameters.missing(network, checkpoint));
        // Classes instead of those that the checkpoint has.
        if (network.classes() > 0) {
          Set<String> all = new HashSet<>(network.newTensors());
          all.addAll(NewParameters.classifier(network));
          network.initializeNew(all);
        }
        assertThat(network.newTensors()).containsExactlyInAnyOrder(fresh.split(" ", -1));
        Weights.check(network, checkpoint);
        network.allocate(DType.F32);
        Weights.load(network, checkpoint);
        NewParameters.initialize(network, 3);
        assertInitialized(network);
        Batch batch = folder.batch("");
        float[] outputs = FamilyFolder.logits(network, batch);
        assertThat(outputs).doesNotContain(Float.NaN);
        if (layer != OutputLayer.MASKED_TOKENS) {
          assertThat(network.classes()).isEqualTo(5);
          assertThat(outputs)
              .hasSize(
                  (network.classifiesTokens() ? FamilyFolder.ROWS * FamilyFolder.LENGTH : 2) * 5);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static void assertInitialized(Network network) {
    for (Parameter parameter : network.parameters()) {
      String name = parameter.slices().get(0).name();
      if (network.newTensors().contains(name)) {
        float[] values = parameter.value().toFloats();
        if (parameter.sizes().length == 1) {
          assertThat(values).containsOnly(name.endsWith(".bias") ? 0 : 1);
        } else {
          double squares = 0;
          for (float value : values) {
            squares += (double) value * value;
          }
          boolean modern = network.modelConfig().modelType().equals("modernbert");
          double deviation = modern ? 1 / Math.sqrt(network.dimensions().hiddenSize()) : 0.02;
          assertThat(Math.sqrt(squares / values.length))
              .as(name)
              .isCloseTo(deviation, within(0.25 * deviation));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "olmo2, CLASSES",
    "granite, CLASSES",
    "gemma3_text, TOKEN_CLASSES",
    "llama_linear, MASKED_TOKENS"
  })
  void aFamilyWithoutSuchAClassIsRefused(String family, OutputLayer layer) {
    try (FamilyFolder folder = FamilyFolder.open(family)) {
      ModelConfig config = ModelConfig.read(folder.path());
      refuses(
          CheckpointException.class, () -> layer.className(config), "model_type", layer.suffix());
    }
  }

  @Test
  void aRewardModelGivesTheRewardsOfTheReference() {
    Path folder = Golden.folder("preference/reward_model");
    SafetensorsFile expected = SafetensorsFile.open(Golden.folder("preference/reward.safetensors"));
    try (Encoder network = Architectures.declareEncoder(ModelConfig.read(folder));
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      assertThat(network.isCausal()).isTrue();
      for (String side : List.of("chosen", "rejected")) {
        long[] ids = longs(expected, "input_ids_" + side);
        long[] mask = longs(expected, "attention_mask_" + side);
        Batch batch = new Batch(ids, mask, new long[ids.length], new long[0], 4, ids.length / 4);
        float[] wanted = new float[4];
        expected.bytes("rewards_" + side).asFloatBuffer().get(wanted);
        TextLoss.Scored found =
            TextLoss.evaluate(
                network, batch, new TextTargets.Numbers(wanted, new float[] {1, 1, 1, 1}));
        assertThat(found.logits()).containsExactly(wanted, within(1e-4f));
        assertThat(found.sum()).isCloseTo(0, within(1e-6));
        assertThat(rewards(network, paddedOnTheLeft(batch))).containsExactly(wanted, within(1e-4f));
      }
    }
  }

  private static float[] rewards(Encoder network, Batch batch) {
    return TextLoss.evaluate(
            network, batch, new TextTargets.Numbers(new float[4], new float[] {1, 1, 1, 1}))
        .logits();
  }

  /** The same texts with their padding before them. */
  private static Batch paddedOnTheLeft(Batch batch) {
    int length = batch.length();
    long[] ids = new long[batch.ids().length];
    long[] mask = new long[ids.length];
    for (int row = 0; row < batch.rows(); row++) {
      int tokens = 0;
      for (int i = 0; i < length; i++) {
        tokens += (int) batch.attentionMask()[row * length + i];
      }
      System.arraycopy(batch.ids(), row * length, ids, (row + 1) * length - tokens, tokens);
      Arrays.fill(mask, (row + 1) * length - tokens, (row + 1) * length, 1);
    }
    return new Batch(ids, mask, new long[ids.length], new long[0], batch.rows(), length);
  }

  private static Encoder declared(ModelConfig base, String className, int classes) {
    ObjectNode labels = JsonNodeFactory.instance.objectNode();
    IntStream.range(0, classes).forEach(i -> labels.put(String.valueOf(i), "class " + i));
    return Architectures.declareEncoder(
        base.with("architectures", JsonNodeFactory.instance.arrayNode().add(className))
            .with("id2label", labels));
  }
}
