package io.adapt4j.core.internal.checkpoint;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWriterTest {

  @TempDir Path folder;

  @Test
  void writesTheBytesTheReferenceLibraryWrites() throws IOException {
    Path file = folder.resolve("attn.safetensors");
    SafetensorsWriter.create()
        .withMetadata(Map.of())
        .writeFile(file, List.of(TestTensors.floats("attn0", 0, 1)));
    byte[] bytes = Files.readAllBytes(file);
    assertThat(new String(bytes, 8, 64, StandardCharsets.UTF_8))
        .isEqualTo("{\"attn0\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}      ");
    assertThat(bytes).startsWith(64, 0, 0, 0, 0, 0, 0, 0).endsWith(0, 0, 0, 0, 0, 0, 128, 63);
    assertThat(bytes).hasSize(8 + 64 + 8);
  }

  @Test
  void ordersTensorsByTypeThenName() throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafetensorsWriter.create()
        .writeFile(
            file,
            List.of(
                TestTensors.counting("c", StoredType.BOOL, 0, 3L),
                TestTensors.counting("b", StoredType.F16, 0, 1L),
                TestTensors.counting("a", StoredType.BF16, 0, 1L),
                TestTensors.counting("z", StoredType.I64, 0, 1L),
                TestTensors.counting("a2", StoredType.F16, 0, 1L)));
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertThat(tensors.entries().keySet()).containsExactly("z", "a", "a2", "b", "c");
      assertThat(tensors.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(tensors.entries().values())
          .allMatch(entry -> entry.offset() % entry.type().bytes() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_tied", "llama_bf16", "bert"})
  void rewritesReferenceFilesByteForByte(String model) throws IOException {
    Path original = Golden.folder("models/" + model).resolve(Checkpoint.SINGLE_FILE);
    try (SafetensorsFile tensors = SafetensorsFile.open(original)) {
      SafetensorsWriter.create().writeModel(folder, copies(tensors));
    }
    assertThat(folder.resolve(Checkpoint.SINGLE_FILE)).hasSameBinaryContentAs(original);
  }

  @Test
  void splitsIntoShardsWithAnIndex() throws IOException {
    List<TensorData> tensors =
        List.of(
            TestTensors.counting("first", StoredType.U8, 1, 6L),
            TestTensors.counting("second", StoredType.U8, 2, 4L),
            TestTensors.counting("too.large", StoredType.F32, 3, 5L),
            TestTensors.counting("last", StoredType.U8, 4, 1L));
    List<Path> written =
        SafetensorsWriter.create().withMaxShardBytes(10).writeModel(folder, tensors);
    assertThat(written)
        .extracting(file -> file.getFileName().toString())
        .containsExactly(
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
            "model.safetensors.index.json");
    JsonNode index = Json.parse(Files.readString(folder.resolve(Checkpoint.INDEX_FILE)));
    assertThat(index.at("/metadata/total_size").longValue()).isEqualTo(31);
    assertThat(index.at("/metadata/total_parameters").longValue()).isEqualTo(16);
    assertThat(index.path("weight_map").path("too.large").textValue())
        .isEqualTo("model-00002-of-00003.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names())
          .containsExactlyInAnyOrder("first", "second", "too.large", "last");
      assertThat(checkpoint.totalBytes()).isEqualTo(31);
      assertThat(checkpoint.parameterCount()).isEqualTo(16);
      assertThat(checkpoint.bytes("second").get(3)).isEqualTo((byte) 5);
    }
  }

  @Test
  void removesTheFilesOfAnEarlierSaveAndNothingElse() throws IOException {
    SafetensorsWriter sharding = SafetensorsWriter.create().withMaxShardBytes(1);
    List<TensorData> two = List.of(TestTensors.floats("a", 1), TestTensors.floats("b", 2));
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.writeString(folder.resolve("model-extra.safetensors"), "kept");
    sharding.writeModel(folder, two);
    SafetensorsWriter.create().writeModel(folder, two);
    assertThat(fileNames())
        .containsExactly("config.json", "model-extra.safetensors", "model.safetensors");
    sharding.writeModel(folder, two);
    assertThat(fileNames())
        .containsExactly(
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model-extra.safetensors",
            "model.safetensors.index.json");
  }

  @Test
  void aFailureLeavesThePreviousFilesAndNoTemporaryOnes() throws IOException {
    SafetensorsWriter writer = SafetensorsWriter.create().withMaxShardBytes(4);
    writer.writeModel(folder, List.of(TestTensors.floats("a", 1), TestTensors.floats("b", 2)));
    List<String> before = fileNames();
    TensorData failing =
        new TensorData(
            "b",
            StoredType.F32,
            List.of(1L),
            channel -> {
              throw new IOException("disk full");
            });
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> writer.writeModel(folder, List.of(TestTensors.floats("a", 9), failing)))
        .withMessageContaining("disk full")
        .withMessageContaining("unchanged");
    assertThat(fileNames()).isEqualTo(before);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.bytes("a").getFloat()).isEqualTo(1f);
    }
  }

  @Test
  void aSaveInThePlaceOfOneOfTheSameNamesReplacesIt() {
    for (SafetensorsWriter writer :
        List.of(SafetensorsWriter.create(), SafetensorsWriter.create().withMaxShardBytes(4))) {
      for (float value : new float[] {1, 2}) {
        writer.writeModel(
            folder, List.of(TestTensors.floats("a", value), TestTensors.floats("b", 3)));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
          assertThat(checkpoint.bytes("a").getFloat()).isEqualTo(value);
          assertThat(checkpoint.bytes("b").getFloat()).isEqualTo(3f);
        }
      }
    }
  }

  @Test
  void refusesANameTwiceInOneFile() {
    TensorData tensor = TestTensors.floats("a", 1);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                SafetensorsWriter.create()
                    .writeFile(folder.resolve("w.safetensors"), List.of(tensor, tensor)))
        .withMessageContaining("'a'");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void takesATensorInPiecesAndNoneAfterItIsClosed() throws IOException {
    WritableByteChannel[] kept = new WritableByteChannel[1];
    List<Integer> counts = new ArrayList<>();
    TensorData pieces =
        new TensorData(
            "w",
            StoredType.U8,
            List.of(5L),
            channel -> {
              kept[0] = channel;
              assertThat(channel.isOpen()).isTrue();
              counts.add(channel.write(ByteBuffer.wrap(new byte[] {1, 2})));
              counts.add(channel.write(ByteBuffer.wrap(new byte[] {3, 4, 5})));
            });
    Path file = folder.resolve("w.safetensors");
    SafetensorsWriter.create().writeFile(file, List.of(pieces));
    assertThat(counts).containsExactly(2, 3);
    try (SafetensorsFile written = SafetensorsFile.open(file)) {
      assertThat(TestTensors.array(written.bytes("w"))).containsExactly(1, 2, 3, 4, 5);
    }
    assertThat(kept[0].isOpen()).isFalse();
    refuses(ClosedChannelException.class, () -> kept[0].write(ByteBuffer.allocate(0)));
  }

  @Test
  void countsWhatCameBeforeWhatIsTooMuch() {
    TensorData wrong =
        new TensorData(
            "w",
            StoredType.U8,
            List.of(4L),
            channel -> {
              channel.write(ByteBuffer.allocate(3));
              channel.write(ByteBuffer.allocate(2));
            });
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                SafetensorsWriter.create()
                    .writeFile(folder.resolve("w.safetensors"), List.of(wrong)))
        .withMessageContaining("found at least 5 bytes");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesContentOfTheWrongSize() {
    for (int given : new int[] {3, 5}) {
      TensorData wrong =
          new TensorData(
              "w",
              StoredType.F32,
              List.of(1L),
              channel -> channel.write(ByteBuffer.allocate(given)));
      assertThatExceptionOfType(CheckpointException.class)
          .isThrownBy(
              () ->
                  SafetensorsWriter.create()
                      .writeFile(folder.resolve("w.safetensors"), List.of(wrong)))
          .withMessageContaining("'w': expected 4 bytes for F32[1]")
          .withMessageContaining(given + " bytes");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesBadNamesShapesAndLimits() {
    TensorData tensor = TestTensors.floats("a", 1);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> SafetensorsWriter.create().writeModel(folder, List.of(tensor, tensor)))
        .withMessageContaining("'a'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestTensors.floats("__metadata__", 1))
        .withMessageContaining("__metadata__");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorData("a", StoredType.U8, List.of(-1L), channel -> {}))
        .withMessageContaining("[-1]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SafetensorsWriter.create().withMaxShardBytes(0))
        .withMessageContaining("maxShardBytes");
  }

  private static List<TensorData> copies(SafetensorsFile tensors) {
    List<TensorData> copies = new ArrayList<>();
    for (TensorEntry entry : tensors.entries().values()) {
      copies.add(
          TensorData.of(
              entry.name(), entry.type(), entry.shape(), () -> tensors.bytes(entry.name())));
    }
    return copies;
  }

  private List<String> fileNames() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
