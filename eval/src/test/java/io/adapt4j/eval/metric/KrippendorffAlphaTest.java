package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.metric.Metrics.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KrippendorffAlphaTest {

  /** Krippendorff 2011, section C: four observers, twelve units, 0 where nothing was said. */
  private static final int[][] OBSERVERS = {
    {1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0},
    {1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3},
    {0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0},
    {1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0}
  };

  private static List<Double> unit(int number) {
    List<Double> values = new ArrayList<>();
    for (int[] observer : OBSERVERS) {
      if (observer[number] != 0) {
        values.add((double) observer[number]);
      }
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"NOMINAL, 0.743", "ORDINAL, 0.815", "INTERVAL, 0.849"})
  void givesTheMetricsOfTheWorkedExample(Level level, double expected) {
    KrippendorffAlpha alpha = new KrippendorffAlpha(level);
    for (int unit = 0; unit < 12; unit++) {
      alpha.add(unit(unit));
    }

    assertThat(alpha.alpha()).isCloseTo(expected, within(5e-4));
  }

  @Test
  void partsMergeIntoTheWhole() {
    KrippendorffAlpha whole = new KrippendorffAlpha(Level.ORDINAL);
    KrippendorffAlpha krippendorffAlpha = new KrippendorffAlpha(Level.ORDINAL);
    KrippendorffAlpha other = new KrippendorffAlpha(Level.ORDINAL);
    for (int unit = 0; unit < 12; unit++) {
      whole.add(unit(unit));
      (unit < 5 ? krippendorffAlpha : other).add(unit(unit));
    }
    krippendorffAlpha.merge(other);

    assertThat(krippendorffAlpha.alpha()).isCloseTo(whole.alpha(), within(1e-12));
  }

  @Test
  void chanceIsNearZeroAndAgreementIsOne() {
    Random random = new Random(7);
    KrippendorffAlpha chance = new KrippendorffAlpha(Level.INTERVAL);
    KrippendorffAlpha agreement = new KrippendorffAlpha(Level.NOMINAL);
    for (int i = 0; i < 5000; i++) {
      chance.add(List.of((double) random.nextInt(5), (double) random.nextInt(5)));
      double same = random.nextInt(5);
      agreement.add(List.of(same, same, same));
    }

    assertThat(chance.alpha()).isCloseTo(0, within(0.05));
    assertThat(agreement.alpha()).isCloseTo(1, within(1e-12));
  }

  @Test
  void isUndefinedWhereAllSayTheSameOrNobodyIsCompared() {
    KrippendorffAlpha same = new KrippendorffAlpha(Level.ORDINAL);
    same.add(List.of(2.0, 2.0));
    assertThat(same.alpha()).isNaN();
    KrippendorffAlpha alone = new KrippendorffAlpha(Level.ORDINAL);
    alone.add(List.of(2.0));
    assertThatIllegalStateException().isThrownBy(alone::alpha);
  }

  @Test
  void refusesWhatIsNoNumberWithItsRow() {
    KrippendorffAlpha alpha = new KrippendorffAlpha(Level.ORDINAL);
    alpha.add(List.of(1.0, 2.0));
    refuses(IllegalArgumentException.class, () -> alpha.add(List.of(1.0, Double.NaN)), "Row 2");
  }
}
