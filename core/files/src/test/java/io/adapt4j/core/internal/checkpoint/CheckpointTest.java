package io.adapt4j.core.internal.checkpoint;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
  void namesEveryKindOfPickledWeightsAndNoOtherFile() throws IOException {
    for (String name :
        List.of("a.bin", "b.pt", "c.pth", "d.ckpt", "pytorch_model.bin.index.json", "x.txt")) {
      Files.write(folder.resolve(name), new byte[8]);
    }
    assertRefused("[a.bin, b.pt, c.pth, d.ckpt, pytorch_model.bin.index.json]");
  }

  @Test
  void knowsWhetherAFolderHasWeights() throws IOException {
    for (String name :
        List.of("model.safetensors", "model.safetensors.index.json", "model_file.json")) {
      assertThat(Checkpoint.exists(folder)).isFalse();
      Path file = Files.createFile(folder.resolve(name));
      assertThat(Checkpoint.exists(folder)).as(name).isTrue();
      Files.delete(file);
    }
  }

  @Test
  void readsPiecesThroughTheShardThatHasThem() {
    writeTwoShards();
    ByteBuffer target = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    Checkpoint checkpoint = Checkpoint.open(folder);
    checkpoint.read("b", 0, target);
    assertThat(target.getFloat(0)).isEqualTo(2f);
    assertThat(checkpoint.bytes("b", 2, 2).remaining()).isEqualTo(2);
    assertThat(checkpoint.storedType("b")).isEqualTo("F32");
    assertThat(checkpoint.folder()).isEqualTo(folder);
    assertThat(checkpoint.file("a", SafetensorsFile.class))
        .hasValueSatisfying(
            file -> assertThat(file.file()).hasFileName("model-00001-of-00002.safetensors"));
    assertThat(checkpoint.file("a", SplitTensors.class)).isEmpty();
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> checkpoint.bytes("c"))
        .withMessageContainingAll(folder.toString(), "'c'", "2 others");
    checkpoint.close();
    assertThatThrownBy(() -> checkpoint.bytes("b")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void opensAFileOfAnyName() {
    Path file = folder.resolve("adapter.safetensors");
    SafetensorsWriter.create().writeFile(file, List.of(TestTensors.floats("a", 7)));
    try (Checkpoint checkpoint = Checkpoint.openFile(file);
        Checkpoint shown = Checkpoint.openFile(file, tensors -> tensors)) {
      assertThat(checkpoint.bytes("a").getFloat()).isEqualTo(7f);
      assertThat(shown.names()).containsExactly("a");
      assertThat(checkpoint.folder()).isEqualTo(folder);
    }
  }

  @Test
  void listsTenProblemsOfAKindAndCountsTheOthers() {
    SafetensorsWriter.create().writeModel(folder, List.of(TestTensors.floats("a", 1)));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      for (int missing : new int[] {10, 12}) {
        Map<String, List<Long>> expected = new TreeMap<>(Map.of("a", List.of(1L)));
        for (int i = 0; i < missing; i++) {
          expected.put("b%02d".formatted(i), List.of(1L));
        }
        assertThatExceptionOfType(CheckpointException.class)
            .isThrownBy(() -> checkpoint.requireTensors(expected))
            .withMessageContaining(missing + " missing:\n  b00 [1]")
            .withMessageNotContaining("b10")
            .withMessageNotContaining("0 unexpected")
            .satisfies(
                e -> assertThat(e.getMessage().contains("\n  and ")).isEqualTo(missing == 12));
        expected.keySet().removeIf(name -> name.startsWith("b"));
        checkpoint.requireTensors(expected);
      }
    }
  }

  @Test
  void saysWhatItLookedFor() throws IOException {
    assertRefused("model.safetensors or model.safetensors.index.json", "neither");
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Checkpoint.open(folder.resolve("absent")))
        .withMessageContaining("a checkpoint folder")
        .withMessageContaining("nothing");
    Path file = Files.createFile(folder.resolve("file"));
    refuses(CheckpointException.class, () -> Checkpoint.open(file), "found a file");
    writeIndex("{}");
    assertRefused("found no such field");
    writeIndex("{\"weight_map\":{}}");
    assertRefused("found {}");
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
