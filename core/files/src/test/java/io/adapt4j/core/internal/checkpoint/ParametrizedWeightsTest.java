package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights with LoRA matrices of two tasks, of rank 1. */
class ParametrizedWeightsTest {

  private static final String ORIGINAL = ".parametrizations.weight.original";
  private static final String A = ".parametrizations.weight.0.lora_A";
  private static final String B = ".parametrizations.weight.0.lora_B";

  @TempDir private Path folder;

  @BeforeEach
  void namesOfTasks() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"lora_adaptations\": [\"x\", \"y\"]}");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void aTaskAddsTheProductOfItsMatrices(StoredType type) throws IOException {
    linear(type);
    try (Checkpoint stored = Checkpoint.open(folder)) {
      assertThat(stored.names()).containsExactlyInAnyOrder("l.weight", "l.bias");
      assertThat(stored.entry("l.weight").type()).isEqualTo(type);
      // W + 2 B A of the second task: B = (1, 0.5), A = (0.5, 1, -1).
      Checkpoint adapted = stored.adapted(1, 2, 1, 2);
      assertThat(floats(adapted.bytes("l.weight"))).containsExactly(2, 4, 1, 4.5f, 6, 5);
      assertThat(adapted.entry("l.weight").type()).isEqualTo(StoredType.F32);
      assertThat(adapted.storedType("l.weight")).isEqualTo(type.name());
      assertThat(adapted.storedBytes("l.weight")).isEqualTo(6L * type.bytes());
      assertThat(adapted.bytes("l.bias")).isEqualTo(stored.bytes("l.bias"));
    }
  }

  @Test
  void everyPartOfAWeightIsWhatItIsInTheWhole() throws IOException {
    linear(StoredType.BF16);
    try (Checkpoint stored = Checkpoint.open(folder)) {
      Checkpoint adapted = stored.adapted(0, 2, 1, 1);
      float[] whole = floats(adapted.bytes("l.weight"));
      for (int first = 0; first < 6; first++) {
        for (int count = 0; first + count <= 6; count++) {
          ByteBuffer part = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
          adapted.read("l.weight", 4L * first, part);
          assertThat(part.hasRemaining()).isFalse();
          for (int i = 0; i < count; i++) {
            assertThat(part.getFloat(4 * i)).isEqualTo(whole[first + i]);
          }
        }
      }
    }
  }

  @Test
  void anEmbeddingsMatricesHaveTheOtherOrder() throws IOException {
    write(
        tensor("word_embeddings" + ORIGINAL, StoredType.F32, List.of(2L, 3L), 1, 2, 3, 4, 5, 6),
        tensor("word_embeddings" + A, StoredType.F32, List.of(2L, 2L, 1L), 9, 9, 1, 2),
        tensor("word_embeddings" + B, StoredType.F32, List.of(2L, 1L, 3L), 9, 9, 9, 1, 0, 3));
    try (Checkpoint stored = Checkpoint.open(folder)) {
      assertThat(floats(stored.adapted(1, 2, 1, 1).bytes("word_embeddings.weight")))
          .containsExactly(2, 2, 6, 6, 5, 12);
    }
  }

  @Test
  void namesOfWeightsOfAnotherCodeAreLeftAlone() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    linear(StoredType.F32);
    try (Checkpoint stored = Checkpoint.open(folder)) {
      assertThat(stored.names()).contains("l" + ORIGINAL, "l" + A, "l" + B);
    }
  }

  private void linear(StoredType type) throws IOException {
    write(
        tensor("l" + ORIGINAL, type, List.of(2L, 3L), 1, 2, 3, 4, 5, 6),
        tensor("l" + A, type, List.of(2L, 1L, 3L), 4, 5, 6, 0.5f, 1, -1),
        tensor("l" + B, type, List.of(2L, 2L, 1L), 7, 8, 1, 0.5f),
        tensor("l.bias", type, List.of(2L), 1, 2));
  }

  private void write(TensorData... tensors) throws IOException {
    SafetensorsWriter.create().writeModel(folder, List.of(tensors));
  }

  private static float[] floats(ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /** Stores numbers that each of the types has. */
  private static TensorData tensor(
      String name, StoredType type, List<Long> shape, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(type.bytes() * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      int bits = Float.floatToIntBits(value);
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case BF16 -> bytes.putShort((short) (bits >>> 16));
        default -> bytes.putShort(half(bits));
      }
    }
    bytes.flip();
    return TensorData.of(name, type, shape, bytes::duplicate);
  }

  private static short half(int bits) {
    int sign = (bits >>> 16) & 0x8000;
    int exponent = (bits >>> 23) & 0xff;
    int mantissa = (bits >>> 13) & 0x3ff;
    return (short) (sign | (exponent == 0 ? 0 : (exponent - 112) << 10) | mantissa);
  }
}
