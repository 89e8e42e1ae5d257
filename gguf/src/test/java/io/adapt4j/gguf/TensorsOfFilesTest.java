package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.internal.load.GgufModelFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading the tensors of a file as those of a checkpoint. */
class TensorsOfFilesTest {

  private static final String FIRST = "transformer.h.0.attn.c_attn.weight";
  private static final String SECOND = "transformer.h.0.mlp.c_fc.weight";

  @TempDir private Path folder;

  private Path checkpoint;
  private Path file;

  @BeforeEach
  void writeAFile() throws IOException {
    checkpoint = RandomModels.write("gpt2", folder.resolve("gpt2"));
    file = folder.resolve("gpt2.gguf");
    GgufExport.of(checkpoint)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
  }

  /** Matrices that the file has turned, and of which all of the last is kept in memory. */
  @Test
  void readsTurnedMatricesByTurnsAndInParts() {
    try (Checkpoint wanted = Checkpoint.open(checkpoint);
        TensorFile read = new GgufModelFile().open(file)) {
      for (String name : new String[] {FIRST, SECOND, FIRST}) {
        int length = Math.toIntExact(read.entries().get(name).length());
        assertThat(bytes(read, name, 0, length / 2))
            .isEqualTo(bytes(wanted.bytes(name), 0, length / 2));
        assertThat(bytes(read, name, length / 2, length - length / 2))
            .isEqualTo(bytes(wanted.bytes(name), length / 2, length - length / 2));
      }
    }
  }

  /** llama.cpp's quantizer drops dimensions of 1 at the end, so that a stack of one is a vector. */
  @Test
  void readsAStackOfOneWithoutItsLastDimension() throws IOException {
    Path model = RandomModels.write("stablelm_one_key", folder.resolve("stablelm"));
    Path whole = folder.resolve("stablelm.gguf");
    GgufExport.of(model)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(whole);
    Path flat = withVectors(whole, "attn_k_norm.weight");
    try (Checkpoint wanted = Checkpoint.open(model);
        TensorFile read = new GgufModelFile().open(flat)) {
      assertThat(read.entries().keySet()).containsAll(wanted.names());
      String name = "model.layers.1.self_attn.k_layernorm.norms.0.weight";
      int length = Math.toIntExact(read.entries().get(name).length());
      assertThat(bytes(read, name, 0, length)).isEqualTo(bytes(wanted.bytes(name), 0, length));
    }
  }

  /** Writes a file without the second dimension of matrices whose names end so. */
  private Path withVectors(Path whole, String ending) throws IOException {
    String all = Files.readString(whole, StandardCharsets.ISO_8859_1);
    int data = all.length();
    int end = 0;
    try (GgufFile read = GgufFile.open(whole)) {
      for (GgufTensor tensor : read.tensors().values()) {
        data -= Math.toIntExact(tensor.bytes());
        int afterName = all.indexOf(tensor.name()) + tensor.name().length();
        end = Math.max(end, afterName + 16 + 8 * tensor.shape().size());
      }
    }
    String header = all.substring(0, end);
    for (int at = header.indexOf(ending); at >= 0; at = header.indexOf(ending, at + 1)) {
      int dimensions = at + ending.length();
      header =
          header.substring(0, dimensions)
              + "\u0001\0\0\0"
              + header.substring(dimensions + 4, dimensions + 12)
              + header.substring(dimensions + 20);
    }
    String padding = "\0".repeat((32 - header.length() % 32) % 32);
    return Files.writeString(
        folder.resolve("vectors.gguf"),
        header + padding + all.substring(data),
        StandardCharsets.ISO_8859_1);
  }

  /** Shown by a file that changes between the two parts. */
  @Test
  void readsATurnedMatrixOnceForAllOfItsParts() throws IOException {
    try (Checkpoint wanted = Checkpoint.open(checkpoint);
        TensorFile read = new GgufModelFile().open(file)) {
      int length = Math.toIntExact(read.entries().get(FIRST).length());
      bytes(read, FIRST, 0, 4);
      int data = Math.toIntExact(tensors().stream().mapToLong(GgufTensor::bytes).sum());
      try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
        channel.position(Files.size(file) - data);
        channel.write(ByteBuffer.allocate(data));
      }
      assertThat(bytes(read, FIRST, 4, length - 4))
          .isEqualTo(bytes(wanted.bytes(FIRST), 4, length - 4));
    }
  }

  @Test
  void aTensorWithADimensionOfZeroIsRefusedByName() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Set<String> refused = new TreeSet<>();
    for (GgufTensor tensor : tensors()) {
      for (int dimension = 0; dimension < tensor.shape().size(); dimension++) {
        byte[] changed = whole.clone();
        ByteBuffer.wrap(changed)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(shapeOf(whole, tensor.name()) + 8 * dimension, 0);
        Files.write(file, changed);
        assertThatExceptionOfType(CheckpointException.class)
            .isThrownBy(() -> new GgufModelFile().open(file))
            .withMessageContaining("gpt2.gguf: tensor '" + tensor.name() + "'")
            .withMessageContaining("dimensions of at least 1");
        refused.add(tensor.name());
      }
    }
    assertThat(refused).contains("token_embd.weight", "output_norm.weight", "blk.0.attn_qkv.bias");
  }

  private Collection<GgufTensor> tensors() {
    try (GgufFile open = GgufFile.open(file)) {
      return open.tensors().values();
    }
  }

  /** Where a header has a tensor's dimensions: after its name and their number. */
  private static int shapeOf(byte[] header, String name) {
    byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 8; ; at++) {
      boolean found =
          bytes.getLong(at - 8) == wanted.length
              && ByteBuffer.wrap(wanted).equals(bytes.slice(at, wanted.length));
      if (found) {
        return at + wanted.length + Integer.BYTES;
      }
    }
  }

  private static byte[] bytes(TensorFile file, String name, long offset, int length) {
    return bytes(file.bytes(name, offset, length), 0, length);
  }

  private static byte[] bytes(ByteBuffer buffer, int from, int length) {
    byte[] bytes = new byte[length];
    buffer.duplicate().position(from).get(bytes);
    return bytes;
  }
}
