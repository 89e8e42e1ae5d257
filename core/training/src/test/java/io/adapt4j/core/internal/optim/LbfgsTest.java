package io.adapt4j.core.internal.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LbfgsTest {

  /** Rosenbrock's valley, whose minimum is at (1, 1). */
  private static double rosenbrock(double[] point, double[] gradient) {
    double a = 1 - point[0];
    double b = point[1] - point[0] * point[0];
    gradient[0] = -2 * a - 400 * point[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  }

  @Test
  void itFindsTheMinimumOfACurvedValley() {
    double[] found = Lbfgs.minimize(LbfgsTest::rosenbrock, new double[] {-1.2, 1}, 200, 5);
    assertThat(rosenbrock(found, new double[2])).isLessThan(1e-3);
  }

  @Test
  void aQuadraticWithVeryDifferentCurvaturesTakesFewSteps() {
    double[] found =
        Lbfgs.minimize(
            (point, gradient) -> {
              double value = 0;
              for (int i = 0; i < point.length; i++) {
                double curvature = Math.pow(10, i);
                gradient[i] = curvature * (point[i] - i);
                value += curvature * (point[i] - i) * (point[i] - i) / 2;
              }
              return value;
            },
            new double[4],
            60,
            10);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isCloseTo(i, within(0.05));
    }
  }

  @Test
  void whereNothingIsBetterTheStartIsKept() {
    double[] start = {3, 4};
    assertThat(
            Lbfgs.minimize(
                (point, gradient) -> {
                  gradient[0] = 0;
                  gradient[1] = 0;
                  return 1;
                },
                start,
                10,
                5))
        .isEqualTo(start);
    assertThat(
            Lbfgs.minimize(
                (point, gradient) -> {
                  gradient[0] = 1;
                  gradient[1] = 1;
                  return point[0] == 3 && point[1] == 4 ? 0 : Double.NaN;
                },
                start,
                10,
                5))
        .isEqualTo(start);
  }
}
