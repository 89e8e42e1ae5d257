package io.adapt4j.eval.stats;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ConfidenceIntervalTest {

  @Test
  void equalsTheWorkedExampleOfEightOfTen() {
    ConfidenceInterval found = ConfidenceInterval.wilson(8, 10);

    // scipy.stats.binomtest(8, 10).proportion_ci(method="wilson")
    assertThat(found.value()).isEqualTo(0.8);
    assertThat(found.low()).isCloseTo(0.4901624715366418, within(1e-12));
    assertThat(found.high()).isCloseTo(0.9433178485456248, within(1e-12));
    assertThat(found.confidence()).isEqualTo(0.95);
  }

  @Test
  void isNotCertainWhereAFewRowsAgree() {
    assertThat(ConfidenceInterval.wilson(3, 3).low()).isCloseTo(0.4385, within(1e-4));
    assertThat(ConfidenceInterval.wilson(0, 3).high()).isCloseTo(1 - 0.4385, within(1e-4));
  }

  @Property
  void holdsTheShareAndStaysWithinZeroAndOne(
      @ForAll @IntRange(min = 1, max = 5000) int rows,
      @ForAll @IntRange(min = 0, max = 5000) int hits) {
    ConfidenceInterval found = ConfidenceInterval.wilson(Math.min(hits, rows), rows);

    assertThat(found.contains(found.value())).isTrue();
    assertThat(found.low()).isBetween(0.0, 1.0);
    assertThat(found.high()).isBetween(0.0, 1.0);
  }

  @Test
  void refusesMoreHitsThanRows() {
    refuses(IllegalArgumentException.class, () -> ConfidenceInterval.wilson(3, 2), "3 of 2");
    assertThatIllegalArgumentException().isThrownBy(() -> ConfidenceInterval.wilson(0, 0));
  }
}
