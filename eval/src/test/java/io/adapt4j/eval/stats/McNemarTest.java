package io.adapt4j.eval.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The exact test of paired right and wrong answers. */
class McNemarTest {
  private static final Offset<Double> EQUAL = within(1e-12);

  @Test
  void rowsAreCountedByWhoIsRight() {
    boolean[] first = {true, true, false, false, true};
    boolean[] second = {true, false, true, false, false};
    assertThat(McNemar.of(first, second)).isEqualTo(new McNemar(1, 2, 1, 1));
  }

  /** Of 12 tosses, 2 or fewer heads come in 79 of 4096 cases, exactly 2 in 66. */
  @Test
  void thePValueIsThatOfTheBinomialDistribution() {
    McNemar test = new McNemar(50, 10, 2, 30);
    assertThat(test.pValue()).isCloseTo(2 * 79 / 4096.0, EQUAL);
    assertThat(test.midPValue()).isCloseTo((2 * 79 - 66) / 4096.0, EQUAL);
  }

  @Test
  void swappingTheModelsKeepsItAndRowsOnWhichBothAgreeDoNotMatter() {
    McNemar test = new McNemar(7, 31, 12, 9);
    assertThat(new McNemar(0, 12, 31, 0).pValue()).isEqualTo(test.pValue());
  }

  @Test
  void equalModelsDoNotDiffer() {
    assertThat(new McNemar(5, 0, 0, 5).pValue()).isEqualTo(1);
    assertThat(new McNemar(5, 0, 0, 5).midPValue()).isEqualTo(1);
    assertThat(new McNemar(0, 8, 8, 0).pValue()).isEqualTo(1);
    assertThat(new McNemar(0, 8, 8, 0).midPValue()).isCloseTo(1, EQUAL);
  }

  /** With many rows the test is that of the normal distribution: z = 2.99 with correction. */
  @Test
  void manyRowsDoNotOverflow() {
    assertThat(new McNemar(0, 505_000, 502_000, 0).pValue()).isCloseTo(0.0028, within(2e-4));
    assertThat(new McNemar(0, 1_000_000, 0, 0).pValue()).isZero();
  }

  @Test
  void listsOfDifferentLengthAreRefused() {
    assertThatThrownBy(() -> McNemar.of(new boolean[2], new boolean[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 2 is missing");
    assertThatThrownBy(() -> new McNemar(-1, 0, 0, 0)).hasMessageContaining("negative");
  }
}
