package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.gguf.format.QuantizedSource.Values;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizedSourceTest {

  private static final int COLUMNS = 1280;

  /** Several pieces, the last of them smaller. */
  private static final int ROWS = 700;

  private static final List<Long> SHAPE = List.of((long) COLUMNS, (long) ROWS);
  private static final Values SINES =
      (first, target, count) -> {
        for (int i = 0; i < count; i++) {
          target[i] = (float) Math.sin((first + i) * 0.37);
        }
      };

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void givesTheBytesOfTheQuantizerOnAnyNumberOfThreads(int threads) throws IOException {
    QuantizedSource source =
        QuantizedSource.of("w", SHAPE, TensorType.Q4_0, SINES).withThreads(threads);
    assertThat(written(source)).isEqualTo(expected(TensorType.Q4_0, null));
  }

  @Test
  void quantizesByImportance() throws IOException {
    float[] importance = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      importance[i] = i % 7;
    }
    QuantizedSource source =
        QuantizedSource.of("w", SHAPE, TensorType.Q4_0, SINES).withImportance(importance);
    assertThat(written(source)).isEqualTo(expected(TensorType.Q4_0, importance));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> source.withImportance(new float[3]))
        .withMessageContaining("importance of w");
  }

  @Test
  void readsValuesInOrderAndOnce() throws IOException {
    List<Long> firsts = new ArrayList<>();
    long[] end = {0};
    QuantizedSource source =
        QuantizedSource.of(
            "w",
            SHAPE,
            TensorType.F16,
            (first, target, count) -> {
              assertThat(first).isEqualTo(end[0]);
              firsts.add(first);
              end[0] += count;
            });
    written(source);
    assertThat(end[0]).isEqualTo((long) ROWS * COLUMNS);
    assertThat(firsts).hasSizeGreaterThan(3);
  }

  @Test
  void rowsLongerThanAPieceAreDivided() throws IOException {
    long columns = 600_064;
    QuantizedSource source = QuantizedSource.of("w", List.of(columns), TensorType.Q8_0, SINES);
    float[] values = new float[(int) columns];
    SINES.read(0, values, values.length);
    ByteBuffer bytes = ByteBuffer.allocate((int) TensorType.Q8_0.bytes(columns));
    Quantizer.of(TensorType.Q8_0).quantize(values, 0, values.length, bytes);
    assertThat(written(source)).isEqualTo(bytes.array());
  }

  @Test
  void namesTheTensorAndThePlaceOfAValueThatIsNoNumber() {
    long wrong = 812_345;
    QuantizedSource source =
        QuantizedSource.of(
            "blk.0.ffn_up.weight",
            SHAPE,
            TensorType.Q4_K,
            (first, target, count) -> {
              SINES.read(first, target, count);
              if (first <= wrong && wrong < first + count) {
                target[(int) (wrong - first)] = Float.NaN;
              }
            });
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> written(source))
        .withMessageContaining("tensor 'blk.0.ffn_up.weight'")
        .withMessageContaining("value 812345 of shape [1280, 700]")
        .withMessageContaining("found NaN");
  }

  @Test
  void aFailureToReadIsPassedOn() {
    QuantizedSource source =
        QuantizedSource.of(
            "w",
            SHAPE,
            TensorType.Q4_K,
            (first, target, count) -> {
              throw new IOException("gone");
            });
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> written(source))
        .withMessage("gone");
  }

  private static byte[] written(QuantizedSource source) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    source.writeTo(Channels.newChannel(bytes));
    return bytes.toByteArray();
  }

  private static byte[] expected(TensorType type, float[] importance) throws IOException {
    float[] values = new float[ROWS * COLUMNS];
    SINES.read(0, values, values.length);
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    if (importance == null) {
      Quantizer.of(type).quantize(values, 0, values.length, bytes);
    } else {
      Quantizer.of(type).quantize(values, 0, values.length, importance, bytes);
    }
    return bytes.array();
  }
}
