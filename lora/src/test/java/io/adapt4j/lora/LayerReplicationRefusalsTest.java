package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.StackCase.REPLICATED;
import static io.adapt4j.lora.StackCase.decoder;
import static io.adapt4j.lora.StackCase.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be stacked is refused by name, before weights are read. */
class LayerReplicationRefusalsTest {

  @TempDir private Path folder;
  private Path base;

  @BeforeEach
  void writeBase() throws IOException {
    base = StackCase.write(folder.resolve("base"));
  }

  private Path adapter(Path model, Lora lora) {
    return StackCase.adapter(model, lora, folder.resolve("adapter"));
  }

  @Test
  void rangesOutsideTheModelAreRefusedBeforeItIsLoaded() throws IOException {
    Lora beyond = Lora.rank(2).layerReplication(new int[] {0, 2}, new int[] {2, 5});
    refuses(
        CheckpointException.class,
        () -> decoder(base, beyond).close(),
        "config.json",
        "layer_replication [[0, 2], [2, 5]] names the layer 4, but the model has 3");
    Path model = SmallModel.write(folder.resolve("small"));
    refuses(
        SettingsException.class,
        () -> StackCase.run(model, beyond, folder.resolve("run"), 1),
        "layer_replication [[0, 2], [2, 5]] names the layer 4, but the model has 2");
    Path adapter = adapter(base, REPLICATED);
    ObjectNode config = LoraCase.config(adapter);
    config.set("layer_replication", Json.parse("[[0, 9]]"));
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    refuses(
        CheckpointException.class,
        () -> scores(base, adapter),
        "layer_replication [[0, 9]] names the layer 8, but the model has 3");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[0, 0]]",
        "[[2, 1]]",
        "[[-1, 1]]",
        "[[0]]",
        "[0, 1]",
        "[[0, 1.5]]",
        "\"all\"",
        "[[0, 99999999999]]"
      })
  void whatIsNoListOfRangesIsRefusedByName(String value) throws IOException {
    Path adapter = adapter(base, REPLICATED);
    ObjectNode config = LoraCase.config(adapter);
    config.set("layer_replication", Json.parse(value));
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    refuses(
        CheckpointException.class,
        () -> LoraAdapter.at(adapter),
        "adapter_config.json",
        "'layer_replication'",
        "ranges [start, end) of layer numbers, 0 <= start < end");
  }

  @Test
  void rangesOfTheBuilderAreChecked() {
    for (int[][] ranges : List.of(new int[][] {}, new int[][] {{1, 1}}, new int[][] {{0, 1, 2}})) {
      assertThatThrownBy(() -> Lora.rank(2).layerReplication(ranges))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("layerReplication: expected");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gemma3_text, whose layers differ",
    "qwen2_window, whose layers differ",
    "gemma3n, read more of others",
    "gemma3, multimodal",
    "falcon, finds no layers",
    "gpt_bigcode, finds no layers",
    "opt, finds no layers",
    "mamba2, finds no layers",
    "roberta_mlm, finds no layers",
    "modernbert_features, whose layers differ",
    "qwen3_next, whose layers differ"
  })
  void familiesThatPeftDoesNotStackAreRefusedByName(String name, String reason) {
    refuses(
        CheckpointException.class,
        () ->
            StackedLayers.of(
                ModelConfig.read(family(name)),
                Methods.of(Lora.rank(2).layerReplication(new int[] {0, 1})).layerStack()),
        "config.json: layer_replication",
        "of type " + ModelConfig.read(family(name)).modelType(),
        reason);
  }

  @Test
  void optionsThatChangeSharedWeightsAreRefused() {
    try (Decoder decoder = decoder(base, REPLICATED)) {
      for (Lora lora :
          List.of(
              REPLICATED.trainBiases(),
              REPLICATED.trainAdaptedBiases(),
              REPLICATED.initialize(LoraInit.pissa()))) {
        assertThat(Methods.of(lora).problems(decoder, base))
            .anyMatch(problem -> problem.contains("share (layer_replication [[0, 2], [1, 3]])"));
      }
      assertThat(Methods.of(Lora.rank(2)).problems(decoder, base))
          .anyMatch(problem -> problem.contains("layer_replication [[0, 2], [1, 3]]"));
    }
    assertThat(Methods.of(Lora.rank(2)).layerStack()).isEqualTo(Optional.empty());
  }

  @Test
  void resumedAdaptersAreOfTheSameStack() {
    Path adapter = adapter(base, REPLICATED);
    Lora other = Lora.rank(2).layerReplication(new int[] {0, 1}, new int[] {0, 3});
    try (Decoder decoder = decoder(base, other);
        Adaptation adaptation = Methods.of(other).attach(decoder, base, 1)) {
      refuses(
          CheckpointException.class,
          () -> adaptation.restore(adapter),
          "layer_replication [[0, 2], [1, 3]]",
          "layer_replication [[0, 1], [0, 3]]");
    }
    assertThat(Methods.of(other).identity()).isNotEqualTo(Methods.of(REPLICATED).identity());
  }
}
