package io.adapt4j.lora.internal.eva;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.lora.internal.Factorization;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Principal components of batches of rows are those of all rows together. */
class PrincipalComponentsTest {

  private final Random random = new Random(5);

  /** Rows around a mean, with most of their variance along a few random directions. */
  private float[][] rows(int count, int width, int directions, double noise) {
    float[][] axes = new float[directions][width];
    float[] mean = new float[width];
    for (int i = 0; i < width; i++) {
      mean[i] = (float) (3 * random.nextGaussian());
      for (float[] axis : axes) {
        axis[i] = (float) random.nextGaussian();
      }
    }
    float[][] rows = new float[count][];
    for (int row = 0; row < count; row++) {
      rows[row] = mean.clone();
      for (int axis = 0; axis < directions; axis++) {
        double along = random.nextGaussian() * 4 / (1 + axis);
        for (int i = 0; i < width; i++) {
          rows[row][i] += (float) (along * axes[axis][i]);
        }
      }
      for (int i = 0; i < width; i++) {
        rows[row][i] += (float) (noise * random.nextGaussian());
      }
    }
    return rows;
  }

  private static Tensor tensor(float[][] rows, int from, int to) {
    int width = rows[0].length;
    float[] values = new float[(to - from) * width];
    for (int row = from; row < to; row++) {
      System.arraycopy(rows[row], 0, values, (row - from) * width, width);
    }
    return Tensor.of(values, to - from, width);
  }

  private static float[][] centered(float[][] rows) {
    float[][] centered = new float[rows.length][rows[0].length];
    for (int i = 0; i < rows[0].length; i++) {
      double mean = 0;
      for (float[] row : rows) {
        mean += row[i] / (double) rows.length;
      }
      for (int row = 0; row < rows.length; row++) {
        centered[row][i] = (float) (rows[row][i] - mean);
      }
    }
    return centered;
  }

  private static double square(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static void add(PrincipalComponents found, float[][] rows, int... sizes) {
    int from = 0;
    for (int i = 0; from < rows.length; i++) {
      int to = Math.min(rows.length, from + sizes[i % sizes.length]);
      try (Tensor part = tensor(rows, from, to)) {
        found.add(part);
      }
      from = to;
    }
  }

  @ParameterizedTest(name = "{0} rows of {1}, {2} directions")
  @CsvSource({"120, 12, 12", "300, 40, 40", "71, 32, 32", "500, 200, 4", "700, 160, 6"})
  void batchesHaveTheComponentsOfTheirUnion(int count, int width, int k) {
    float[][] rows = rows(count, width, Math.min(k, 6), k == width ? 1 : 1e-3);
    try (Scope scope = Scope.open();
        PrincipalComponents found = new PrincipalComponents(k)) {
      Torch.seed(1);
      // The last batch has no fewer rows than there are components, as those would still wait.
      int last = count - k;
      add(found, Arrays.copyOf(rows, last), k + 7, k, 3 * k + 1, 2, 1);
      add(found, Arrays.copyOfRange(rows, last, count), k);
      float[][] all = centered(rows);
      double total = 0;
      for (float[] row : all) {
        total += square(row);
      }
      // Right vectors times the roots of the singular values.
      Factorization exact = Factorization.principal(tensor(all, 0, count), k, 0);
      float[] wanted = exact.right().toFloats();
      float[] directions = found.first(k, false).toFloats();
      for (int i = 0; i < Math.min(k, 6); i++) {
        float[] own = Arrays.copyOfRange(wanted, i * width, (i + 1) * width);
        double size = square(own);
        assertThat((double) found.shares()[i])
            .as("share of the variance along %s", i)
            .isCloseTo(size * size / total, within(2e-4));
        double along = 0;
        for (int j = 0; j < width; j++) {
          along += own[j] * directions[i * width + j];
        }
        assertThat(Math.abs(along) / Math.sqrt(size)).as("direction %s", i).isGreaterThan(0.999);
      }
    }
  }

  @Test
  void componentsSpanTheSubspaceThatRowsLieIn() {
    float[][] rows = rows(400, 150, 5, 0);
    try (Scope scope = Scope.open();
        PrincipalComponents found = new PrincipalComponents(5)) {
      Torch.seed(1);
      add(found, rows, 32);
      double sum = 0;
      for (float share : found.shares()) {
        sum += share;
      }
      assertThat(sum).isCloseTo(1, within(1e-4));
      Tensor directions = found.first(5, false);
      float[] products = directions.times(directions.transposed()).toFloats();
      for (int i = 0; i < 25; i++) {
        assertThat((double) products[i]).isCloseTo(i % 6 == 0 ? 1 : 0, within(1e-4));
      }
      assertThat(found.isStable(5, 0.999)).isTrue();
    }
  }

  @Test
  void signsAreThoseOfTheLargestValuesAndTheSameSeedGivesTheSame() {
    float[][] rows = rows(400, 150, 5, 0.1);
    float[][] found = new float[2][];
    for (int run = 0; run < 2; run++) {
      try (Scope scope = Scope.open();
          PrincipalComponents components = new PrincipalComponents(5)) {
        Torch.seed(9);
        add(components, rows, 200);
        found[run] = components.first(5, false).toFloats();
      }
    }
    assertThat(found[1]).isEqualTo(found[0]);
    for (int i = 0; i < 5; i++) {
      float largest = 0;
      for (int j = 0; j < 150; j++) {
        float value = found[0][i * 150 + j];
        largest = Math.abs(value) > Math.abs(largest) ? value : largest;
      }
      assertThat(largest).isPositive();
    }
  }

  @Test
  void fewRowsWaitForMore() {
    float[][] rows = rows(8, 16, 4, 1);
    try (Scope scope = Scope.open();
        PrincipalComponents found = new PrincipalComponents(6)) {
      add(found, rows, 4, 1);
      assertThat(found.isEmpty()).isFalse();
    }
    try (Scope scope = Scope.open();
        PrincipalComponents found = new PrincipalComponents(9)) {
      add(found, rows, 4, 1);
      assertThat(found.isEmpty()).isTrue();
      assertThat(found.isStable(0, 0.5)).isFalse();
    }
  }

  @Test
  void whitenedDirectionsAreDividedByTheRootsOfTheSingularValues() {
    float[][] rows = rows(60, 10, 3, 0.5);
    try (Scope scope = Scope.open();
        PrincipalComponents found = new PrincipalComponents(3)) {
      add(found, rows, 60);
      float[] plain = found.first(3, false).toFloats();
      float[] whitened = found.first(3, true).toFloats();
      double total = 0;
      for (float[] row : centered(rows)) {
        total += square(row);
      }
      for (int i = 0; i < 30; i++) {
        double singular = Math.sqrt(found.shares()[i / 10] * total);
        assertThat((double) whitened[i]).isCloseTo(plain[i] / Math.sqrt(singular), within(1e-5));
      }
    }
  }
}
