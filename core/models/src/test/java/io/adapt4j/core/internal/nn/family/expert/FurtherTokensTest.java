package io.adapt4j.core.internal.nn.family.expert;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.TestNetworks;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that predict further tokens, which published folders have after those of the model. */
class FurtherTokensTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v3", "glm4_moe"})
  void theyAreLeftOutIfTheConfigurationCountsThem(String family) throws IOException {
    ModelConfig config;
    try (FamilyFolder stored = FamilyFolder.open(family)) {
      config = ModelConfig.read(stored.path());
    }
    int layers = config.fields().requirePositiveInt("num_hidden_layers");
    List<TensorData> tensors = new ArrayList<>();
    try (Network plain = Architectures.declare(config)) {
      plain.tensors().forEach((name, shape) -> tensors.add(zeros(name, shape)));
    }
    tensors.add(zeros("model.layers." + layers + ".eh_proj.weight", List.of(2L, 3L)));
    tensors.add(zeros("model.layers." + (layers + 1) + ".enorm.weight", List.of(2L)));
    SafetensorsWriter.create().writeModel(folder, tensors);
    check(config.with("num_nextn_predict_layers", IntNode.valueOf(2)));
    refuses(
        CheckpointException.class,
        () -> check(config.with("num_nextn_predict_layers", IntNode.valueOf(1))),
        "enorm");
    refuses(CheckpointException.class, () -> check(config), "eh_proj");
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v3", "glm4_moe", "qwen3_next"})
  void theyAreSavedWithATrainedModel(String family) throws IOException {
    ModelConfig stored;
    try (FamilyFolder opened = FamilyFolder.open(family)) {
      stored = ModelConfig.read(opened.path());
    }
    int layers = stored.fields().requirePositiveInt("num_hidden_layers");
    boolean isAfter = !family.startsWith("qwen");
    ModelConfig config =
        isAfter ? stored.with("num_nextn_predict_layers", IntNode.valueOf(1)) : stored;
    String own = isAfter ? "model.layers." + layers + ".eh_proj.weight" : "mtp.fc.weight";
    String copy = isAfter ? "model.layers." + layers + ".embed_tokens.weight" : "mtp.norm.weight";
    List<TensorData> tensors = new ArrayList<>();
    try (Network plain = Architectures.declare(config)) {
      plain.tensors().forEach((name, shape) -> tensors.add(zeros(name, shape)));
    }
    byte[] values = {0, 0, -128, 63, 0, 0, 0, 64};
    for (String name : List.of(own, copy)) {
      tensors.add(TensorData.of(name, StoredType.F32, List.of(2L), () -> ByteBuffer.wrap(values)));
    }
    CheckpointFolder.write(folder, folder, config, tensors);
    Path saved = folder.resolve("saved");
    try (Network network = TestNetworks.network(folder)) {
      CheckpointFolder.write(saved, folder, config, network, StoredType.F32);
    }
    try (Checkpoint checkpoint = Checkpoint.open(saved)) {
      assertThat(TestNetworks.floats(checkpoint, own)).containsExactly(1, 2);
      assertThat(TestNetworks.floats(checkpoint, copy)).containsExactly(1, 2);
    }
    TestNetworks.network(saved).close();
  }

  private void check(ModelConfig config) {
    try (Network network = Architectures.declare(config);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
    }
  }

  private static TensorData zeros(String name, List<Long> shape) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    return TensorData.of(name, StoredType.F32, shape, () -> ByteBuffer.allocate(4 * count));
  }
}
