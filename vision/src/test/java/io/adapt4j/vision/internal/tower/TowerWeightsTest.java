package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names and shapes of stored tensors, and fields of configurations. */
class TowerWeightsTest {

  private static final Path LLAVA = Path.of("src/test/resources/towers/llava_siglip");

  @TempDir private Path folder;

  /** Copies a folder with changes to its configuration and to the header of its weights. */
  private Path copy(UnaryOperator<String> config, UnaryOperator<String> header) throws IOException {
    String fields = Files.readString(LLAVA.resolve("config.json"));
    Files.writeString(folder.resolve("config.json"), config.apply(fields));
    byte[] stored = Files.readAllBytes(LLAVA.resolve("model.safetensors"));
    int length = Math.toIntExact(ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN).getLong());
    byte[] changed =
        header
            .apply(new String(stored, 8, length, StandardCharsets.UTF_8))
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer whole =
        ByteBuffer.allocate(stored.length - length + changed.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(changed.length)
            .put(changed)
            .put(stored, 8 + length, stored.length - 8 - length);
    Files.write(folder.resolve("model.safetensors"), whole.array());
    return folder;
  }

  private static PictureTower load(Path from) {
    try (Checkpoint checkpoint = Checkpoint.open(from)) {
      return Towers.load(ModelConfig.read(from), checkpoint, DType.F32);
    }
  }

  @Test
  void namesOfBothVersionsOfTransformersAreFound() throws Exception {
    Path newer =
        copy(
            config -> config,
            header ->
                header
                    .replace("\"vision_tower.vision_model.", "\"model.vision_tower.")
                    .replace("\"multi_modal_projector.", "\"model.multi_modal_projector."));
    try (TowerCase stored = TowerCase.open(LLAVA);
        PictureTower older = load(LLAVA);
        PictureTower tower = load(newer);
        Scope scope = Scope.open()) {
      Tensor wanted = older.forward(Ops.inference(), stored.pixels()).rows();
      Tensor found = tower.forward(Ops.inference(), stored.pixels()).rows();
      assertThat(found.toFloats()).isEqualTo(wanted.toFloats());
    }
  }

  @Test
  void linearLayersHaveThePathsThatAdaptersTarget() {
    try (PictureTower tower = load(LLAVA)) {
      List<String> paths =
          tower.linears().stream()
              .flatMap(slot -> slot.parts().stream())
              .map(Linear.Part::path)
              .toList();
      assertThat(paths)
          .contains(
              "model.vision_tower.vision_model.encoder.layers.0.self_attn.q_proj",
              "model.vision_tower.vision_model.encoder.layers.2.mlp.fc2",
              "model.multi_modal_projector.linear_1")
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void aTensorThatNothingReadsIsRefused() throws Exception {
    Path changed =
        copy(
            config -> config,
            header -> header.replace("vision_model.post_layernorm.bias", "vision_model.other"));
    long before = Tensor.live();
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> load(changed))
        .withMessageContaining("unexpected")
        .withMessageContaining("vision_tower.vision_model.other");
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "patch_size": 4   | "patch_size": 5                 | wrong shape
          "image_size": 16  | "image_size": 2                 | image_size
          "hidden_size": 16 | "hidden_size": 15               | num_attention_heads
          "patch_size": 4   | "patch_size": 4, "some_scale": 2 | some_scale
          "full"            | "cls"                           | vision_feature_select_strategy
          -1                | -5                              | vision_feature_layer
          siglip_vision_model | no_tower                      | vision_config
          """)
  void aConfigurationThatIsNotThatOfTheTowerIsRefusedByField(String from, String to, String named)
      throws Exception {
    Path changed = copy(config -> config.replace(from, to), header -> header);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> load(changed))
        .withMessageContaining(named);
  }
}
