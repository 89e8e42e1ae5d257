package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Drawn models are those that {@link Random} drew. */
class UnsharedRandomTest {

  @Test
  void drawsTheNumbersOfRandom() {
    for (long seed : new long[] {0, 1, -7, "llama".hashCode()}) {
      Random expected = new Random(seed);
      Random found = new UnsharedRandom(seed);
      for (int i = 0; i < 1000; i++) {
        assertThat(found.nextGaussian()).isEqualTo(expected.nextGaussian());
        assertThat(found.nextInt(1 + i % 7)).isEqualTo(expected.nextInt(1 + i % 7));
      }
      byte[] wanted = new byte[99];
      byte[] bytes = new byte[99];
      expected.nextBytes(wanted);
      found.nextBytes(bytes);
      assertThat(bytes).isEqualTo(wanted);
    }
  }
}
