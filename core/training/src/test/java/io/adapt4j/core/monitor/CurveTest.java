package io.adapt4j.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.LineChart.Point;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CurveTest {

  private final Curve curve = new Curve();

  @Test
  void aShortSeriesIsKeptAsItIs() {
    curve.add(1, 3);
    curve.add(2, 1);
    assertThat(curve.points()).containsExactly(new Point(1, 3, 3, 3), new Point(2, 1, 1, 1));
    assertThat(curve.last()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {511, 512, 513, 1024, 1025, 7_777, 100_000})
  void aLongSeriesKeepsItsMeanItsExtremesAndItsEnds(int steps) {
    double sum = 0;
    for (int step = 1; step <= steps; step++) {
      double value = step == steps / 2 ? 99 : Math.sin(step);
      sum += value;
      curve.add(step, value);
    }
    List<Point> points = curve.points();
    assertThat(points).hasSizeBetween(Math.min(steps, 256), Curve.MOST_POINTS);
    assertThat(points.stream().mapToDouble(Point::high).max()).hasValue(99);
    assertThat(points).isSortedAccordingTo((a, b) -> Double.compare(a.x(), b.x()));
    double width = steps / (double) points.size();
    assertThat(points.get(0).x()).isLessThanOrEqualTo(1 + 2 * width);
    assertThat(points.get(points.size() - 1).x()).isGreaterThan(steps - 2 * width);
    if (steps % points.size() == 0) {
      assertThat(points.stream().mapToDouble(Point::y).average().orElseThrow())
          .isCloseTo(sum / steps, within(1e-9));
    }
  }

  @Test
  void numbersThatAreNotFiniteAreLeftOut() {
    curve.add(1, Double.NaN);
    curve.add(2, Double.POSITIVE_INFINITY);
    assertThat(curve.isEmpty()).isTrue();
    assertThat(curve.last()).isNaN();
    assertThat(curve.smoothed()).isEmpty();
  }

  @Test
  void aStepThatIsRepeatedReplacesWhatFollowedIt() {
    for (int step = 1; step <= 10; step++) {
      curve.add(step, step);
    }
    curve.add(8, -8);
    assertThat(curve.points()).hasSize(8);
    assertThat(curve.points().get(7)).isEqualTo(new Point(8, -8, -8, -8));
  }

  @Test
  void smoothingKeepsAConstantAndHasNoBiasTowardsZero() {
    for (int step = 1; step <= 100; step++) {
      curve.add(step, 2.5);
    }
    assertThat(curve.smoothed())
        .hasSize(100)
        .allSatisfy(point -> assertThat(point.y()).isCloseTo(2.5, within(1e-12)));
  }

  @Test
  void smoothingShrinksNoise() {
    for (int step = 1; step <= 400; step++) {
      curve.add(step, step % 2 == 0 ? 1 : -1);
    }
    assertThat(curve.smoothed().get(399).y()).isCloseTo(0, within(0.2));
  }
}
