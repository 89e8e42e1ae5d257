package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  @TempDir Path folder;

  @Test
  void readsShardsAsOneModel() {
    try (Checkpoint whole = Checkpoint.open(Golden.folder("models/llama"));
        Checkpoint sharded = Checkpoint.open(Golden.folder("models/llama_sharded"))) {
      assertThat(sharded.names()).containsExactlyInAnyOrderElementsOf(whole.names());
      assertThat(sharded.parameterCount()).isEqualTo(82240);
      assertThat(sharded.totalBytes()).isEqualTo(whole.totalBytes()).isEqualTo(328960);
      for (String name : whole.names()) {
        assertThat(sharded.entry(name).shape()).isEqualTo(whole.entry(name).shape());
        assertThat(sharded.bytes(name)).isEqualTo(whole.bytes(name));
      }
    }
  }

  @Test
  void refusesPickledWeightsAndSaysWhyAndWhatToDo() throws IOException {
    Files.write(folder.resolve("pytorch_model.bin"), new byte[8]);
    assertRefused(
        "only pickled weights [pytorch_model.bin]", "can run any code", "save_pretrained");
  }

  @Test
  void saysWhatItLookedFor() throws IOException {
    assertRefused("model.safetensors or model.safetensors.index.json", "neither");
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Checkpoint.open(folder.resolve("absent")))
        .withMessageContaining("a checkpoint folder")
        .withMessageContaining("nothing");
  }

  @Test
  void refusesIncompleteShardSets() throws IOException {
    writeTwoShards();
    Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
    assertRefused("'model-00002-of-00002.safetensors' missing", "download the missing shard");
  }

  @Test
  void refusesShardsThatDoNotFitTheIndex() throws IOException {
    writeTwoShards();
    SafetensorsWriter.create()
        .writeFile(
            folder.resolve("model-00002-of-00002.safetensors"),
            List.of(TestTensors.floats("c", 1)));
    assertRefused("'c'", "listed in model.safetensors.index.json");
    SafetensorsWriter.create()
        .writeFile(folder.resolve("model-00002-of-00002.safetensors"), List.of());
    assertRefused("'b'", "model-00002-of-00002.safetensors", "not from the same save");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../x.safetensors", "/x.safetensors", "..", "", "a\\\\x", "a/x", "x\\u0000"})
  void refusesShardNamesThatLeadOutOfTheFolder(String shard) throws IOException {
    writeIndex("{\"weight_map\":{\"a\":\"" + shard + "\"}}");
    assertRefused("plain file names");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{\"weight_map\":{}}",
        "{\"weight_map\":3}",
        "{\"weight_map\":{\"a\":1}}"
      })
  void refusesMalformedIndexes(String json) throws IOException {
    writeIndex(json);
    assertRefused("model.safetensors.index.json", "ownload the file again");
  }

  @Test
  void reportsAllMissingMisshapenAndUnexpectedTensorsTogether() {
    SafetensorsWriter.create()
        .writeModel(
            folder,
            List.of(
                TestTensors.floats("right", 1, 2),
                TestTensors.floats("wrong", 1, 2, 3),
                TestTensors.floats("extra", 1)));
    Map<String, List<Long>> expected = new LinkedHashMap<>();
    expected.put("right", List.of(2L));
    expected.put("wrong", List.of(2L, 3L));
    for (int i = 0; i < 12; i++) {
      expected.put("layers." + (10 + i), List.of(1L));
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThatExceptionOfType(CheckpointException.class)
          .isThrownBy(() -> checkpoint.requireTensors(expected))
          .withMessageContaining("12 missing:")
          .withMessageContaining("layers.19 [1]\n  and 2 more")
          .withMessageContaining("wrong (expected [2, 3], found [3] in model.safetensors)")
          .withMessageContaining("1 unexpected:\n  extra [1]")
          .withMessageContaining("config.json");
      Map<String, List<Long>> fitting = Map.of("right", List.of(2L), "wrong", List.of(3L));
      assertThatThrownBy(() -> checkpoint.requireTensors(fitting)).hasMessageContaining("extra");
      assertThatCode(() -> checkpoint.requireTensors(fitting, "extra"::equals))
          .doesNotThrowAnyException();
    }
  }

  private void writeTwoShards() {
    SafetensorsWriter.create()
        .withMaxShardBytes(4)
        .writeModel(folder, List.of(TestTensors.floats("a", 1), TestTensors.floats("b", 2)));
  }

  private void writeIndex(String json) throws IOException {
    Files.writeString(folder.resolve(Checkpoint.INDEX_FILE), json);
  }

  private void assertRefused(String... complaints) {
    assertThatThrownBy(() -> Checkpoint.open(folder).close())
        .isInstanceOf(CheckpointException.class)
        .satisfies(
            e -> assertThat(e.getMessage()).contains(folder.toString()).contains(complaints));
  }
}
