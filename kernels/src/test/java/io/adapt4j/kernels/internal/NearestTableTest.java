package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The table gives what the search gives. */
class NearestTableTest {

  private static final float[] NUMBERS = FourBitCode.NF4.numbers();

  @Test
  void nextToEveryNumberAndBetweenAnyTwo() {
    for (int i = 0; i + 1 < NUMBERS.length; i++) {
      float middle = (NUMBERS[i] + NUMBERS[i + 1]) / 2;
      float value = middle;
      for (int step = 0; step < 8; step++) {
        value = Math.nextDown(value);
      }
      for (int step = 0; step < 16; step++, value = Math.nextUp(value)) {
        assertSame(value);
      }
      assertSame(NUMBERS[i]);
      assertSame(Math.nextUp(NUMBERS[i]));
      assertSame(Math.nextDown(NUMBERS[i + 1]));
    }
    assertSame(1);
    assertSame(-Float.MIN_VALUE);
  }

  @Test
  void atTheEndsOfBucketsAndAtRandomValues() {
    for (int i = -32; i <= 32; i++) {
      float value = i / 32f;
      assertSame(value);
      assertSame(Math.min(1, Math.nextUp(value)));
      assertSame(Math.max(-1, Math.nextDown(value)));
    }
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      assertSame(2 * random.nextFloat() - 1);
    }
  }

  private static void assertSame(float value) {
    if (FourBitCode.NF4.nearest(value) != Nearest.of(NUMBERS, value)) {
      assertThat(FourBitCode.NF4.nearest(value))
          .as("of %s", value)
          .isEqualTo(Nearest.of(NUMBERS, value));
    }
  }
}
