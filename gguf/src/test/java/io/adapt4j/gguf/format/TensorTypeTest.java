package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.kernels.internal.BlockType;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tensor type is one class of its name, and one line in each of two lists. */
class TensorTypeTest {

  /** The class of a type that is in no list: 2 bits, 32 values, the scale in fp16. */
  private static final class Q2 extends BlockFormat {

    Q2() {
      super(1000, 32, 10);
    }

    @Override
    void encode(
        float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
      for (int block = 0; block < blocks; block++) {
        Half.put(out, at + block * bytes(), Half.of(1));
        for (int i = 0; i < values(); i++) {
          int level = Math.round(values[pos + block * values() + i]);
          out[at + block * bytes() + 2 + i / 4] |= (byte) (level << (i % 4 * 2));
        }
      }
    }

    @Override
    void decode(byte[] source, int at, int blocks, float[] values, int offset) {
      for (int block = 0; block < blocks; block++) {
        float scale = Half.getFloat(source, at + block * bytes());
        for (int i = 0; i < values(); i++) {
          int levels = source[at + block * bytes() + 2 + i / 4];
          values[offset + block * values() + i] = scale * (levels >> (i % 4 * 2) & 3);
        }
      }
    }
  }

  @Test
  void aClassIsAllThatATypeNeedsToBeEncoded() {
    BlockFormat added = new Q2();
    float[] values = new float[64];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 4;
    }
    byte[] bytes = new byte[2 * added.bytes()];
    added.encode(values, 0, 2, null, bytes, 0);
    float[] read = new float[64];
    added.decode(bytes, 0, 2, read, 0);
    assertThat(read).isEqualTo(values);
  }

  @ParameterizedTest
  @EnumSource
  void aTypeHasTheClassOfItsName(TensorType type) {
    assertThat(type.format().getClass().getSimpleName().toUpperCase(Locale.ROOT))
        .isEqualTo(type.name().replace("_", ""));
    assertThat(TensorType.of(type.id())).contains(type);
    float[] values = new float[2 * type.blockSize()];
    ByteBuffer bytes = ByteBuffer.allocate(2 * type.blockBytes());
    if (type.format().isEncoded()) {
      Quantizer.of(type).quantize(values, 0, values.length, bytes);
      bytes.flip();
    }
    Quantizer.of(type).dequantize(bytes, values, 0, values.length);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(
      names = {"NF4", "FP4", "OWN_TABLE", "OWN_EIGHT", "OWN_WIDE"},
      mode = EnumSource.Mode.EXCLUDE)
  void theKernelsHaveTheSameBlocks(BlockType kernel) {
    assertThat(TensorType.of(kernel.id()))
        .hasValueSatisfying(
            type -> {
              assertThat(type.name()).isEqualTo(kernel.name());
              assertThat(type.blockSize()).isEqualTo(kernel.columns());
              assertThat(type.blockBytes()).isEqualTo(kernel.bytes());
            });
  }
}
