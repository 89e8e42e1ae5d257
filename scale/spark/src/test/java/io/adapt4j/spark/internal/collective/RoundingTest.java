package io.adapt4j.spark.internal.collective;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ShortBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers of 16 bits and what is lost by them. */
class RoundingTest {

  @ParameterizedTest
  @CsvSource({
    "3f800000, 3f800000",
    "3f808000, 3f800000",
    "3f808001, 3f810000",
    "3f818000, 3f820000",
    "bf818000, bf820000",
    "7f7fffff, 7f800000",
    "7f800000, 7f800000",
    "ff800000, ff800000",
    "7f800001, 7fc00000",
    "ffc12345, ffc10000",
    "00000001, 00000000",
    "80000000, 80000000"
  })
  void roundsToTheNearestAndTiesToEven(String value, String rounded) {
    float[] values = {Float.intBitsToFloat(Integer.parseUnsignedInt(value, 16))};
    new Rounding(1).round(values, null, 1);
    assertThat(String.format("%08x", Float.floatToRawIntBits(values[0]))).isEqualTo(rounded);
  }

  @Test
  void whatIsLostIsAddedTheNextTime() {
    Rounding rounding = new Rounding(3);
    float[] errors = {0, 0.25f, 0};
    float[] values = {1.001f, 256, Float.POSITIVE_INFINITY};
    rounding.round(values, errors, 3);
    assertThat(values).containsExactly(1, 256, Float.POSITIVE_INFINITY);
    assertThat(errors).containsExactly(1.001f - 1, 0.25f, 0);
    float[] again = {1, 257, Float.NaN};
    rounding.round(again, errors, 3);
    assertThat(again).containsExactly(1, 258, Float.NaN);
    assertThat(errors).containsExactly(1.001f - 1, 257.25f - 258, 0);
  }

  @Test
  void writtenNumbersAreReadTheSame() {
    Random random = new Random(7);
    Rounding rounding = new Rounding(1000);
    float[] values = new float[1000];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt() & 0xbfffffff);
    }
    rounding.round(values, null, values.length);
    ShortBuffer sent = ShortBuffer.allocate(values.length);
    rounding.write(values, values.length, sent);
    float[] read = new float[values.length];
    rounding.read(sent.flip(), read, read.length);
    assertThat(read).isEqualTo(values);
  }
}
