package io.adapt4j.structured.internal.automaton;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sequences of ranges of bytes hold every character of a range once, and no other. */
class Utf8RangesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0, 7F",
    "41, 7FF",
    "80, 7FF",
    "7F, 80",
    "7FF, 800",
    "81, 3FF",
    "800, D7FF",
    "E000, FFFF",
    "FFFF, 10000",
    "10000, 10FFFF",
    "0, D7FF",
    "E000, 10FFFF",
    "E001, 10FFFE",
    "4E00, 9FA5",
    "1F600, 1F64F",
    "FF, 10400"
  })
  void sequencesAreTheCharacters(String from, String to) {
    int first = Integer.parseInt(from, 16);
    int last = Integer.parseInt(to, 16);
    List<int[]> sequences = new ArrayList<>();
    Utf8Ranges.add(first, last, sequences);
    long count = 0;
    for (int[] sequence : sequences) {
      long product = 1;
      for (int i = 0; i < sequence.length; i += 2) {
        assertThat(sequence[i]).isBetween(0, sequence[i + 1]);
        assertThat(sequence[i + 1]).isLessThan(256);
        product *= sequence[i + 1] - sequence[i] + 1;
      }
      count += product;
    }
    assertThat(count).isEqualTo(last - first + 1L);
    SplittableRandom random = new SplittableRandom(first + 31L * last);
    for (int i = 0; i < 2000; i++) {
      int point = i < 3 ? Math.min(last, first + i) : random.nextInt(first, last + 1);
      if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
        assertThat(holding(sequences, point)).as("U+%04X", point).isEqualTo(1);
      }
    }
    assertThat(holding(sequences, last)).isEqualTo(1);
    if (first > 0) {
      assertThat(holding(sequences, first - 1)).isZero();
    }
  }

  private static long holding(List<int[]> sequences, int point) {
    byte[] bytes = Character.toString(point).getBytes(StandardCharsets.UTF_8);
    return sequences.stream().filter(sequence -> holds(sequence, bytes)).count();
  }

  private static boolean holds(int[] sequence, byte[] bytes) {
    boolean holds = sequence.length == 2 * bytes.length;
    for (int i = 0; holds && i < bytes.length; i++) {
      int value = bytes[i] & 0xFF;
      holds = value >= sequence[2 * i] && value <= sequence[2 * i + 1];
    }
    return holds;
  }
}
