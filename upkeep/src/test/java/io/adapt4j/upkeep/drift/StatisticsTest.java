package io.adapt4j.upkeep.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.upkeep.internal.Distributions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Statistics equal SciPy 1.17.1's, or a count of all cases. */
class StatisticsTest {

  private static final Offset<Double> PRECISE = within(1e-12);

  private static final double[] X = {
    0.61, 0.29, 0.06, 0.59, -1.73, -0.74, 0.51, -0.56, 0.39, 1.64, 0.05, -0.06, 0.64, -0.82, 0.37,
    1.77, 1.09, -1.28, 2.36, 1.31, 1.05, -0.32, -0.40, 1.06, -2.47
  };
  private static final double[] Y = {1.2, 0.8, 2.1, -0.3, 1.9, 0.7, 2.5, 1.15, 0.95, 1.7, 3.0, 0.1};

  @ParameterizedTest
  @CsvSource({
    "0, 0.5",
    "0.5, 0.3085375387259869",
    "1.96, 0.024997895148220435",
    "6, 9.865876450376946e-10",
    "-1.2, 0.8849303297782918"
  })
  void normalTailsAreScipys(double value, double tail) {
    assertThat(Distributions.normalTail(value)).isCloseTo(tail, within(1e-12 * tail));
  }

  @ParameterizedTest
  @CsvSource({
    "3.84, 1, 0.05004352124870519",
    "0.5, 1, 0.47950012218695337",
    "10, 4, 0.04042768199451279",
    "200, 149, 0.003369541803818614",
    "120, 149, 0.9611303969603598",
    "80, 7, 1.377501829742618e-14"
  })
  void chiSquareTailsAreScipys(double value, int degrees, double tail) {
    assertThat(Distributions.chiSquareTail(value, degrees)).isCloseTo(tail, within(1e-11 * tail));
  }

  @ParameterizedTest
  @CsvSource({
    "0.01, 1",
    "0.5, 0.9639452436648751",
    "1, 0.26999967167735456",
    "1.36, 0.049485876755377876",
    "2, 0.0006709252557796953"
  })
  void kolmogorovTailsAreScipys(double value, double tail) {
    assertThat(Distributions.kolmogorovTail(value)).isCloseTo(tail, PRECISE);
  }

  @Test
  void theKolmogorovSmirnovTestOfFewNumbersIsScipysExactOne() {
    KolmogorovSmirnov test = KolmogorovSmirnov.of(X, Y);
    assertThat(test.distance()).isCloseTo(0.5533333333333333, PRECISE);
    assertThat(test.pValue()).isCloseTo(0.008140691187213467, PRECISE);
    assertThat(test.wasserstein()).isCloseTo(1.0102683474729959, PRECISE);
  }

  /** Of the 6435 divisions of these 15 numbers, 1410 are at least as far apart. */
  @Test
  void tiesAreCountedExactly() {
    KolmogorovSmirnov test =
        KolmogorovSmirnov.of(
            new double[] {1, 1, 2, 2, 3, 3, 3, 5}, new double[] {2, 3, 3, 4, 4, 5, 5});
    assertThat(test.distance()).isCloseTo(25 / 56.0, PRECISE);
    assertThat(test.pValue()).isCloseTo(1410 / 6435.0, PRECISE);
  }

  @Test
  void equalSamplesDoNotDiffer() {
    KolmogorovSmirnov test = KolmogorovSmirnov.of(X, X);
    assertThat(test.distance()).isZero();
    assertThat(test.pValue()).isEqualTo(1);
    assertThat(test.wasserstein()).isZero();
  }

  /** Samples of 4000 numbers are beyond the exact test: D is 0.1, and sqrt(2000) D is 4.47. */
  @Test
  void manyNumbersAreComparedByKolmogorovsLimit() {
    double[] first = new double[4000];
    double[] second = new double[4000];
    for (int i = 0; i < 4000; i++) {
      first[i] = i;
      second[i] = i + 400;
    }
    KolmogorovSmirnov test = KolmogorovSmirnov.of(first, second);
    assertThat(test.distance()).isCloseTo(0.1, PRECISE);
    assertThat(test.pValue()).isCloseTo(2 * Math.exp(-2 * 2000 * 0.01), within(1e-20));
  }

  private static List<String> categories(int... counts) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      rows.addAll(Collections.nCopies(counts[i], "category " + i));
    }
    return rows;
  }

  @Test
  void theChiSquareTestIsScipys() {
    ChiSquare test = ChiSquare.of(categories(40, 30, 20, 10), categories(25, 35, 22, 28), 0);
    assertThat(test.statistic()).isCloseTo(12.01877070298123, PRECISE);
    assertThat(test.pValue()).isCloseTo(0.00731913582534846, PRECISE);
    assertThat(test.jensenShannon()).isCloseTo(0.17204481829701498, PRECISE);
  }

  /** Of the C(10, 5) = 252 divisions of 5 and 5, 2 x (1 + 25) are as far apart as 4 and 1. */
  @Test
  void smallCountsAreComparedByDrawnDivisions() {
    ChiSquare test = ChiSquare.of(categories(4, 1), categories(1, 4), 0);
    assertThat(test.pValue()).isCloseTo(52 / 252.0, within(0.015));
  }

  @Test
  void manyRowsWithRareCategoriesAreComparedWithoutDraws() {
    List<String> first = categories(10_000, 10_000, 2);
    List<String> second = categories(10_000, 10_000, 1);
    assertThat(ChiSquare.of(first, second, 0).pValue()).isBetween(0.5, 1.0);
    assertThat(ChiSquare.of(first, categories(9_000, 11_000), 0).pValue()).isLessThan(1e-9);
  }

  @Test
  void oneCategoryDoesNotDiffer() {
    ChiSquare test = ChiSquare.of(categories(30), categories(40), 0);
    assertThat(test.pValue()).isEqualTo(1);
    assertThat(test.jensenShannon()).isZero();
  }

  /** SciPy's Mann-Whitney test; DeLong's formula in NumPy. */
  @Test
  void theAreaUnderTheCurveAndItsVariancesAreRight() {
    RankSum ranks =
        RankSum.of(
            new double[] {0.1, 0.4, 0.35, 0.8, 0.2, 0.4, 0.15},
            new double[] {0.9, 0.4, 0.7, 0.65, 0.3, 0.8});
    assertThat(ranks.auc()).isCloseTo(0.7976190476190477, PRECISE);
    assertThat(ranks.nullVariance()).isCloseTo(0.027396214896214903, PRECISE);
    assertThat(ranks.variance()).isCloseTo(0.017148526077097503, PRECISE);
  }

  /** Minimized by SciPy's BFGS. Features are moved and scaled, which changes the penalty. */
  @Test
  void theClassifierIsAtTheMinimumOfItsLoss() {
    float[][] rows = {{1, 0.5f}, {-0.5f, 1}, {0.3f, -1}, {-1, -0.2f}, {0.8f, 0.8f}, {-0.1f, 0.4f}};
    Features features = Features.ofVectors(List.of(rows));
    LogisticRegression model =
        LogisticRegression.fit(features, new int[] {0, 1, 2, 3, 4, 5}, row -> row % 2 == 0);
    double[] expected = {0.724367, 0.281613, 0.662838, 0.249839, 0.652961, 0.433355};
    for (int row = 0; row < 6; row++) {
      assertThat(model.probability(row)).isCloseTo(expected[row], within(1e-4));
    }
  }
}
