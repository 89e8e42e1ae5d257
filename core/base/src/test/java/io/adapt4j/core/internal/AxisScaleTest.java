package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisScaleTest {

  @Test
  void placesRunFromTheLowEndToTheHighEnd() {
    AxisScale linear = new AxisScale(2, 6, false);
    assertThat(linear.place(2)).isZero();
    assertThat(linear.place(3)).isEqualTo(0.25);
    assertThat(linear.place(6)).isEqualTo(1);
    AxisScale logarithmic = new AxisScale(1, 100, true);
    assertThat(logarithmic.place(10)).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void ticksAreRoundNumbersWithin() {
    assertThat(new AxisScale(0, 100_000, false).ticks())
        .containsExactly(0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0, 100_000.0);
    assertThat(new AxisScale(0.3, 3.4, false).ticks()).containsExactly(1.0, 2.0, 3.0);
    assertThat(new AxisScale(0.1, 1000, true).ticks()).contains(0.1, 1.0, 10.0, 100.0);
    assertThat(new AxisScale(1e-9, 1e9, true).ticks()).hasSizeBetween(3, 8);
  }

  @Test
  void numbersThatHardlyDifferAreNotMagnified() {
    AxisScale scale = AxisScale.linear(1.3500001, 1.3500004);
    assertThat(scale.high() - scale.low()).isBetween(0.026, 0.028);
    assertThat(scale.place(1.3500001)).isCloseTo(0.5, within(0.001));
    assertThat(AxisScale.linear(0, 0)).isEqualTo(new AxisScale(0, 1, false));
    AxisScale wide = AxisScale.linear(1, 2);
    assertThat(wide.low()).isCloseTo(0.96, within(1e-9));
    assertThat(wide.high()).isCloseTo(2.04, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource({
    "1.3500001, 1.3500004",
    "1.349, 1.356",
    "0, 0",
    "-2.0001, -2",
    "123456, 123457",
    "1e-5, 1.00001e-5"
  })
  void labelsOfTicksDiffer(double low, double high) {
    AxisScale magnified = new AxisScale(low - 1e-9, high + 1e-9, false);
    for (AxisScale scale : List.of(AxisScale.linear(low, high), magnified)) {
      assertThat(scale.labels()).doesNotHaveDuplicates().hasSameSizeAs(scale.ticks());
    }
    assertThat(new AxisScale(1.349, 1.356, false).labels())
        .containsExactly("1.35", "1.352", "1.354", "1.356");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 5", "-1, -1", "1e-30, 1e-30", "1e300, 2e300", "2, 2.0000001"})
  void everyRangeHasFewTicks(double low, double high) {
    assertThat(AxisScale.linear(low, high).ticks()).hasSizeLessThan(12);
    if (low > 0) {
      assertThat(AxisScale.logarithmic(low, high).ticks()).hasSizeLessThan(12);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "0.25, 0.25",
    "1.50, 1.5",
    "2.345678, 2.35",
    "100, 100",
    "1200, 1200",
    "12000, 12k",
    "100000, 100k",
    "1500000, 1.5M",
    "0.0002, 2e-4",
    "0.00015, 1.5e-4",
    "-3.5, -3.5",
    "3e12, 3e12"
  })
  void labelsAreShort(double value, String label) {
    assertThat(AxisScale.label(value)).isEqualTo(label);
  }
}
