package io.adapt4j.federated.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The mean of low-rank matrices without forming it, against the matrix itself. */
class LowRankSumTest {

  private static final int OUT = 11;
  private static final int IN = 7;

  private final SplittableRandom random = new SplittableRandom(5);

  @SuppressWarnings("UnusedVariable")
  @AutoClose
  private final Scope scope = Scope.open();

  private LowRank matrix(int rank) {
    return LowRank.of(values(OUT, rank), values(rank, IN));
  }

  private Tensor values(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return Tensor.of(values, rows, columns);
  }

  private static double[] product(LowRank matrix) {
    float[] b = matrix.b().toFloats();
    float[] a = matrix.a().toFloats();
    int rank = matrix.rank();
    double[] product = new double[OUT * IN];
    for (int row = 0; row < OUT; row++) {
      for (int column = 0; column < IN; column++) {
        for (int k = 0; k < rank; k++) {
          product[row * IN + column] += (double) b[row * rank + k] * a[k * IN + column];
        }
      }
    }
    return product;
  }

  private static double distance(double[] left, double[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (left[i] - right[i]) * (left[i] - right[i]);
    }
    return Math.sqrt(sum);
  }

  private static double[] sum(double[] left, double leftWeight, double[] right, double weight) {
    double[] sum = new double[left.length];
    Arrays.setAll(sum, i -> leftWeight * left[i] + weight * right[i]);
    return sum;
  }

  @Test
  void bestIsTheSumWhereTheRankAllows() {
    LowRank first = matrix(2);
    LowRank second = matrix(3);

    LowRank best = new LowRankSum().plus(0.3, first).plus(0.7, second).best(5, 0.5);

    assertThat(distance(product(best), sum(product(first), 0.3, product(second), 0.7)))
        .isLessThan(1e-5);
  }

  @Test
  void rowsOfBestHaveTheGivenLengthAndAreOrthogonal() {
    LowRank best = new LowRankSum().plus(1, matrix(4)).best(3, 0.5);

    float[] gram = best.a().times(best.a().transposed()).toFloats();
    for (int i = 0; i < gram.length; i++) {
      assertThat(gram[i]).isCloseTo(i % 4 == 0 ? 0.25f : 0, within(1e-6f));
    }
  }

  /** What is left after the best of rank r is as large as all smaller singular values together. */
  @Test
  void noCutIsNearerThanBest() {
    LowRankSum sum = new LowRankSum().plus(0.5, matrix(3)).plus(0.5, matrix(3));
    double[] whole = product(sum.stacked());
    double bestError = distance(product(sum.best(2, 1)), whole);

    double squares = 0;
    for (int rank = 3; rank <= 6; rank++) {
      double[] larger = product(sum.best(rank, 1));
      double[] smaller = product(sum.best(rank - 1, 1));
      squares += Math.pow(distance(larger, smaller), 2);
    }
    assertThat(bestError).isCloseTo(Math.sqrt(squares), within(1e-5));
    for (int trial = 0; trial < 200; trial++) {
      LowRank best = sum.best(2, 1);
      LowRank other = best.towards(matrix(2), 0.02);
      assertThat(distance(product(other), whole)).isGreaterThanOrEqualTo(bestError - 1e-6);
    }
  }

  @Test
  void normIsThatOfTheMatrix() {
    LowRank first = matrix(2);
    LowRank second = matrix(8);
    double norm = new LowRankSum().plus(2, first).plus(-1, second).norm();

    double[] zero = new double[OUT * IN];
    assertThat(norm)
        .isCloseTo(distance(sum(product(first), 2, product(second), -1), zero), within(1e-5));
    assertThat(new LowRankSum().plus(1, first).plus(-1, first).norm()).isLessThan(1e-12);
  }

  @Test
  void sumOfNothingHasNoRankToLose() {
    LowRank zeros = LowRank.zeros(matrix(1), 3);
    LowRank best = new LowRankSum().plus(1, zeros).best(2, 0.5);

    assertThat(best.b().toFloats()).containsOnly(0);
    assertThat(best.a().toFloats()).doesNotContain(Float.NaN);
  }
}
