package io.adapt4j.eval.stats;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Intervals and paired comparisons by resampling. */
class BootstrapTest {

  /** Of 100 rows half of which are right, 95 per cent of the resamples have 40 to 60 right. */
  @Test
  void theIntervalOfAnAccuracyIsThatOfTheBinomialDistribution() {
    ConfidenceInterval interval = Bootstrap.DEFAULT.mean(halfRight(100));
    assertThat(interval.value()).isEqualTo(0.5);
    assertThat(interval.low()).isCloseTo(0.40, within(1e-9));
    assertThat(interval.high()).isCloseTo(0.60, within(1e-9));
    assertThat(interval.contains(0.45)).isTrue();
    assertThat(interval.contains(0.39)).isFalse();
  }

  @Test
  void theIntervalOfManyRowsIsThatOfTheNormalDistribution() {
    double[] rows = normal(2001, 1);
    double mean = Arrays.stream(rows).average().orElseThrow();
    double variance =
        Arrays.stream(rows).map(row -> (row - mean) * (row - mean)).average().orElseThrow();
    double half = 1.959964 * Math.sqrt(variance / rows.length);
    ConfidenceInterval interval = Bootstrap.DEFAULT.mean(rows);
    assertThat(interval.low()).isCloseTo(mean - half, within(0.05 * half));
    assertThat(interval.high()).isCloseTo(mean + half, within(0.05 * half));
  }

  @Test
  void theIntervalHoldsTheTruthAboutAsOftenAsItSays() {
    Bootstrap bootstrap = new Bootstrap(400, 0.9, 0);
    long held =
        IntStream.range(0, 400)
            .filter(seed -> bootstrap.mean(normal(100, seed)).contains(0))
            .count();
    assertThat(held / 400.0).isCloseTo(0.9, within(0.05));
  }

  @Test
  void theSeedDecidesTheInterval() {
    double[] rows = normal(57, 3);
    assertThat(Bootstrap.DEFAULT.mean(rows)).isEqualTo(Bootstrap.DEFAULT.mean(rows));
    assertThat(new Bootstrap(10_000, 0.95, 1).mean(rows))
        .isNotEqualTo(Bootstrap.DEFAULT.mean(rows));
  }

  @Test
  void moreConfidenceTakesAWiderInterval() {
    double[] rows = normal(50, 4);
    ConfidenceInterval narrow = new Bootstrap(2000, 0.5, 0).mean(rows);
    ConfidenceInterval wide = new Bootstrap(2000, 0.99, 0).mean(rows);
    assertThat(wide.low()).isLessThan(narrow.low());
    assertThat(wide.high()).isGreaterThan(narrow.high());
  }

  @Test
  void equalRowsLeaveNoDoubt() {
    ConfidenceInterval interval = Bootstrap.DEFAULT.mean(new double[] {0.5, 0.5, 0.5});
    assertThat(interval.low()).isEqualTo(0.5);
    assertThat(interval.high()).isEqualTo(0.5);
  }

  @Test
  void anyMetricOfRowsHasAnInterval() {
    double[] rows = normal(300, 5);
    ConfidenceInterval mean = Bootstrap.DEFAULT.mean(rows);
    ConfidenceInterval metric =
        Bootstrap.DEFAULT.statistic(
            rows.length, drawn -> Arrays.stream(drawn).mapToDouble(i -> rows[i]).sum() / 300);
    assertThat(metric.value()).isCloseTo(mean.value(), within(1e-12));
    double width = mean.high() - mean.low();
    assertThat(metric.low()).isCloseTo(mean.low(), within(0.05 * width));
    assertThat(metric.high()).isCloseTo(mean.high(), within(0.05 * width));
  }

  @Test
  void aModelDoesNotDifferFromItself() {
    double[] rows = normal(40, 6);
    Comparison same = Bootstrap.DEFAULT.compare(rows, rows);
    assertThat(same.pValue()).isEqualTo(1);
    assertThat(same.ties()).isEqualTo(40);
    assertThat(same.difference().value()).isZero();
  }

  @Test
  void aClearDifferenceIsSignificantAndASmallOneIsNot() {
    double[] base = normal(200, 7);
    double[] noise = normal(200, 8);
    double[] better = new double[200];
    Arrays.setAll(better, i -> base[i] + 0.5 + noise[i]);
    Comparison clear = Bootstrap.DEFAULT.compare(better, base);
    assertThat(clear.pValue()).isLessThan(0.001);
    assertThat(clear.difference().low()).isPositive();
    assertThat(clear.wins() + clear.ties() + clear.losses()).isEqualTo(200);
    double[] close = new double[200];
    Arrays.setAll(close, i -> base[i] + noise[i] - Arrays.stream(noise).average().orElseThrow());
    assertThat(Bootstrap.DEFAULT.compare(close, base).pValue()).isGreaterThan(0.9);
  }

  /** The p-value of a paired test on many rows is nearly that of the normal distribution. */
  @Test
  void thePValueIsNearlyThatOfTheNormalDistribution() {
    double[] rows = halfRight(1000);
    double[] other = halfRight(1000);
    // 70 rows differ, 45 one way and 25 the other: z = 20 / sqrt(70 - 0.4) = 2.397, p = 0.0165.
    IntStream.range(0, 45).forEach(i -> other[2 * i] = 1 - other[2 * i]);
    IntStream.range(0, 25).forEach(i -> other[2 * i + 1] = 1 - other[2 * i + 1]);
    Comparison comparison = Bootstrap.DEFAULT.compare(rows, other);
    assertThat(comparison.wins() + comparison.losses()).isEqualTo(70);
    assertThat(Math.abs(comparison.difference().value())).isCloseTo(0.02, within(1e-12));
    assertThat(comparison.pValue()).isCloseTo(0.0165, within(0.005));
  }

  @Test
  void swappingTheModelsTurnsTheComparisonRound() {
    double[] value = normal(30, 9);
    double[] two = normal(30, 10);
    Comparison there = Bootstrap.DEFAULT.compare(value, two);
    Comparison back = Bootstrap.DEFAULT.compare(two, value);
    assertThat(back.pValue()).isEqualTo(there.pValue());
    assertThat(back.wins()).isEqualTo(there.losses());
    assertThat(back.difference().low()).isCloseTo(-there.difference().high(), within(1e-12));
  }

  @Test
  void rowsAreMatchedByTheirIds() {
    Map<String, Double> first = new LinkedHashMap<>();
    Map<String, Double> second = new LinkedHashMap<>();
    first.put("a", 1.0);
    first.put("b", 0.0);
    second.put("b", 0.0);
    second.put("a", 0.0);
    Comparison comparison = Bootstrap.DEFAULT.compare(first, second);
    assertThat(comparison.wins()).isEqualTo(1);
    assertThat(comparison.ties()).isEqualTo(1);
    assertThat(comparison.losses()).isZero();
  }

  @Test
  void badRowsAreNamed() {
    refuses(IllegalArgumentException.class, () -> Bootstrap.DEFAULT.mean(new double[0]), "no rows");
    assertThatThrownBy(() -> Bootstrap.DEFAULT.mean(new double[] {1, Double.NaN}))
        .hasMessageContaining("Row 2 of rows is NaN");
    assertThatThrownBy(() -> Bootstrap.DEFAULT.compare(new double[2], new double[3]))
        .hasMessageContaining("row 3 is missing");
    Map<String, Double> scores = Map.of("a", 1.0);
    assertThatThrownBy(() -> Bootstrap.DEFAULT.compare(scores, Map.of("a", Double.NaN)))
        .hasMessageContaining("Row 1 of second is NaN");
    assertThatThrownBy(() -> Bootstrap.DEFAULT.compare(scores, Map.of("c", 1.0)))
        .hasMessageContaining("Row 1 (id \"a\") of one model is missing from the other");
    assertThatThrownBy(() -> new Bootstrap(0, 0.95, 0)).hasMessageContaining("resamples from 1");
  }

  private static double[] halfRight(int rows) {
    return IntStream.range(0, rows).mapToDouble(i -> i % 2).toArray();
  }

  private static double[] normal(int rows, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, rows).mapToDouble(i -> random.nextGaussian()).toArray();
  }
}
