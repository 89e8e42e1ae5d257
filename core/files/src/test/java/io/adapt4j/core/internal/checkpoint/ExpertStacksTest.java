package io.adapt4j.core.internal.checkpoint;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors with one matrix for each expert. */
class ExpertStacksTest {

  private static final String OWNER = "model.layers.0.mlp.experts";

  @TempDir private Path folder;

  private static TensorData floats(String name, List<Long> shape, float first) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(4 * i, first + i);
    }
    return TensorData.of(name, StoredType.F32, shape, () -> bytes.duplicate());
  }

  private void write(List<TensorData> tensors) throws Exception {
    SafetensorsWriter.create().writeModel(folder, tensors);
  }

  @Test
  void aCheckpointShowsEachExpert() throws Exception {
    write(
        List.of(
            floats(OWNER + ".down_proj", List.of(3L, 2L, 2L), 0),
            floats(OWNER + ".down_proj_bias", List.of(3L, 2L), 100),
            floats("model.norm.weight", List.of(2L), 7)));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names())
          .hasSize(7)
          .contains("model.norm.weight", OWNER + "[2].down_proj.weight");
      String second = OWNER + "[1].down_proj.weight";
      assertThat(checkpoint.entry(second).shape()).containsExactly(2L, 2L);
      assertThat(values(checkpoint, second)).containsExactly(4, 5, 6, 7);
      assertThat(values(checkpoint, OWNER + "[2].down_proj.bias")).containsExactly(104, 105);
      refuses(IndexOutOfBoundsException.class, () -> checkpoint.bytes(second, 8, 12));
    }
  }

  private static float[] values(Checkpoint checkpoint, String name) {
    FloatBuffer buffer = checkpoint.bytes(name).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  @Test
  void expertsAreJoinedInTheirOrder() throws Exception {
    List<TensorData> parts = new ArrayList<>();
    for (int expert : new int[] {2, 0, 1}) {
      String path = ExpertStacks.path(OWNER, expert, "gate_up_proj");
      parts.add(floats(path + ".weight", List.of(1L, 2L), 2 * expert));
    }
    parts.add(floats("model.layers.0.mlp.experts.0.down_proj.weight", List.of(1L, 1L), 9));
    write(ExpertStacks.join(parts));
    Path file = folder.resolve(Checkpoint.SINGLE_FILE);
    try (Checkpoint checkpoint = Checkpoint.openFile(file)) {
      assertThat(checkpoint.names())
          .containsExactlyInAnyOrder(
              OWNER + ".gate_up_proj", "model.layers.0.mlp.experts.0.down_proj.weight");
      assertThat(checkpoint.entry(OWNER + ".gate_up_proj").shape()).containsExactly(3L, 1L, 2L);
      assertThat(values(checkpoint, OWNER + ".gate_up_proj")).containsExactly(0, 1, 2, 3, 4, 5);
    }
  }

  @Test
  void fourBitsStandForNumbersTimesAPowerOfTwo() {
    ByteBuffer blocks = ByteBuffer.allocate(16);
    for (int i = 0; i < 16; i++) {
      blocks.put(i, (byte) (i | (15 - i) << 4));
    }
    ByteBuffer scales = ByteBuffer.allocate(1).put(0, (byte) 128);
    FloatBuffer decoded = FloatBuffer.allocate(32);
    MxFourBit.decode(blocks, scales, 1, 32, decoded);
    assertThat(decoded.array()).startsWith(0f, -12f, 1f, -8f, 2f, -6f, 3f, -4f);
    ShortBuffer brain = ShortBuffer.allocate(32);
    MxFourBit.decode(blocks, scales, 1, 32, brain);
    for (int i = 0; i < 32; i++) {
      assertThat(Float.intBitsToFloat(brain.get(i) << 16)).isEqualTo(decoded.get(i));
    }
  }
}
