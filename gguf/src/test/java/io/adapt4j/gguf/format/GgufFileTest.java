package io.adapt4j.gguf.format;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

  private static final Path LLAMA = References.path("llama_k.q4_k_m.gguf");

  @TempDir Path folder;

  @Test
  void readsTheKeysOfLlamaCppsFiles() {
    try (GgufFile file = GgufFile.open(LLAMA)) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.keys()).startsWith("general.architecture", "general.type");
      assertThat(metadata.string("general.architecture")).contains("llama");
      assertThat(metadata.integer("llama.block_count")).hasValue(1);
      assertThat(metadata.number("llama.rope.freq_base")).hasValue(10000);
      assertThat(metadata.number("llama.block_count")).hasValue(1);
      assertThat(metadata.bool("tokenizer.ggml.add_bos_token")).contains(true);
      assertThat(metadata.strings("tokenizer.ggml.tokens").orElseThrow())
          .hasSize(512)
          .startsWith("<unk>", "<s>", "</s>");
      assertThat(metadata.integers("tokenizer.ggml.token_type").orElseThrow())
          .hasSize(512)
          .startsWith(3, 3, 3, 6);
      assertThat(metadata.numbers("tokenizer.ggml.scores").orElseThrow()).hasSize(512);
      assertThat(metadata.type("general.file_type")).contains(ValueType.UINT32);
      assertThat(metadata.isArray("tokenizer.ggml.tokens")).isTrue();
    }
  }

  @Test
  void aValueOfAnotherTypeIsNoValue() {
    try (GgufFile file = GgufFile.open(LLAMA)) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.string("llama.block_count")).isEmpty();
      assertThat(metadata.integer("llama.rope.freq_base")).isEmpty();
      assertThat(metadata.integer("tokenizer.ggml.token_type")).isEmpty();
      assertThat(metadata.integers("llama.block_count")).isEmpty();
      assertThat(metadata.strings("general.architecture")).isEmpty();
      assertThat(metadata.bools("tokenizer.ggml.add_bos_token")).isEmpty();
      assertThat(metadata.bool("no.such.key")).isEmpty();
      assertThat(metadata.isArray("no.such.key")).isFalse();
    }
  }

  @Test
  void integersBeyondLongAreRefusedWhenAskedFor() {
    GgufMetadata metadata = GgufMetadata.builder().integer("n", ValueType.INT64, -1).build();
    byte[] bytes = metadata.values().get("n").bytes();
    GgufMetadata unsigned =
        GgufMetadata.of(Map.of("n", MetadataValue.numbers(ValueType.UINT64, false, bytes)));
    assertThat(metadata.integer("n")).hasValue(-1);
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> unsigned.integer("n"))
        .withMessageContaining("n: expected a number below 2^63, found 18446744073709551615");
  }

  @Test
  void writesLlamaCppsFileAgainByteForByte() throws IOException {
    Path copy = folder.resolve("copy.gguf");
    try (GgufFile file = GgufFile.open(LLAMA)) {
      List<BytesSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : file.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
        file.read(tensor, 0, bytes);
        tensors.add(new BytesSource(tensor.name(), tensor.shape(), tensor.type(), bytes.array()));
      }
      GgufWriter.write(copy, file.metadata(), tensors);
    }
    assertThat(Files.mismatch(LLAMA, copy)).isEqualTo(-1);
  }

  @Test
  void readsPiecesOfATensorFromManyThreads() {
    try (GgufFile file = GgufFile.open(LLAMA)) {
      GgufTensor tensor = file.tensor("token_embd.weight");
      assertThat(tensor.shape()).containsExactly(256L, 512L);
      assertThat(tensor.type()).isEqualTo(TensorType.Q6_K);
      ByteBuffer whole = ByteBuffer.allocate((int) tensor.bytes());
      file.read(tensor, 0, whole);
      int row = (int) tensor.type().bytes(256);
      assertThat(IntStream.range(0, 512).parallel().boxed())
          .allSatisfy(
              i -> {
                ByteBuffer piece = ByteBuffer.allocateDirect(row);
                file.read(tensor, (long) i * row, piece);
                assertThat(piece.flip()).isEqualTo(whole.slice(i * row, row));
              });
    }
  }

  @Test
  void piecesLieWithinTheirTensor() {
    try (GgufFile file = GgufFile.open(LLAMA)) {
      GgufTensor tensor = file.tensor("output_norm.weight");
      for (long position : new long[] {-1, 1, Long.MAX_VALUE}) {
        ByteBuffer target = ByteBuffer.allocate((int) tensor.bytes());
        refuses(IndexOutOfBoundsException.class, () -> file.read(tensor, position, target));
      }
    }
  }

  @Test
  void aClosedFileIsNotRead() {
    GgufFile file = GgufFile.open(LLAMA);
    file.close();
    file.close();
    assertThat(file.path()).isEqualTo(LLAMA);
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> file.read(file.tensor("output_norm.weight"), 0, ByteBuffer.allocate(4)))
        .withMessageContaining(LLAMA.toString());
  }

  @Test
  void missingFilesFoldersAndTensorsAreNamed() {
    Path missing = folder.resolve("missing.gguf");
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufFile.open(missing))
        .withMessage(missing + ": expected a GGUF file, found no file. Check the path.");
    refuses(GgufException.class, () -> GgufFile.open(folder), "something that is not a file");
    try (GgufFile file = GgufFile.open(LLAMA)) {
      refuses(GgufException.class, () -> file.tensor("nope"), "tensor 'nope'");
    }
  }
}
