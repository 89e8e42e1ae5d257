package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplesTest {

  /** Ranks from 1 of tables of the sign test, such as Conover's: n = 10 has 2 and 9. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "5, 1", "6, 1", "8, 1", "9, 2", "10, 2", "15, 4", "20, 6", "25, 8"})
  void theIntervalOfTheMedianHasTheRanksOfTheTables(int count, int rank) {
    Samples samples = Samples.of(DoubleStream.iterate(1, x -> x + 1).limit(count).toArray());

    assertThat(samples.median() - samples.error()).isEqualTo(rank);
  }

  @Test
  void aDisturbedRepetitionDoesNotMoveTheMedian() {
    assertThat(Samples.of(10, 11, 900, 12, 10.5).median()).isEqualTo(11);
    assertThat(Samples.of(1, 2, 3, 40).median()).isEqualTo(2.5);
  }

  @Test
  void aRateHasTheErrorOfItsTimesInProportion() {
    Samples seconds = Samples.of(2, 2, 2, 2.2, 1.9);

    Measurement rate =
        seconds.errorOf(Measurement.larger("speed", "rows/s", 100 / seconds.median()));

    assertThat(rate.value()).isEqualTo(50);
    assertThat(rate.error()).isCloseTo(5, within(1e-9));
  }

  @Test
  void oneMeasurementTellsNothingOfItsError() {
    assertThat(Samples.of(3).errorOf(Measurement.larger("speed", "", 3)).error()).isNull();
  }

  @Test
  void aQuotientHasTheErrorsOfBothSides() {
    Measurement ratio = Samples.of(97, 100, 103).over(Samples.of(48, 50, 52));

    assertThat(ratio.value()).isEqualTo(2);
    assertThat(ratio.error()).isCloseTo(0.1, within(1e-9));
    assertThat(Samples.of(4).over(Samples.of(2)).error()).isNull();
    assertThat(Samples.of(2).of(Peer.named("peer", "1", null), ratio))
        .isEqualTo(new Peer("peer", "1", null, 2.0, null, 2, ratio.error()));
  }

  @Test
  void nothingMeasuredIsRefused() {
    assertThatThrownBy(Samples::of).hasMessageContaining("at least one measurement");
  }
}
