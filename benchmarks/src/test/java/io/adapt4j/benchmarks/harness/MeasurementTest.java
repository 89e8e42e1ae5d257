package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FigureTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "431.4; 5.2; 431 ± 5 tokens/s",
        "34.72; 0.4; 34.7 ± 0.4 tokens/s",
        "0.5321; 0.01; 0.532 ± 0.010 tokens/s",
        "80123; 900; 80,123 ± 900 tokens/s",
        "431; 0.24; 431 ± 0.2 tokens/s",
        "0; 0; 0 ± 0 tokens/s",
        "0.000012; 0.000001; 0.0000120 ± 0.0000010 tokens/s"
      })
  void aNumberHasThreeDigitsAndItsErrorAsManyAfterThePoint(
      double value, double error, String text) {
    assertThat(Measurement.larger("speed", "tokens/s", value).plusMinus(error).text())
        .isEqualTo(text);
  }

  @Test
  void theDirectionDecidesWhetherATargetIsReached() {
    assertThat(Measurement.larger("a", "", 2).target(2).reached()).isTrue();
    assertThat(Measurement.larger("a", "", 1.9).target(2).reached()).isFalse();
    assertThat(Measurement.smaller("a", "GB", 1.9).target(2).reached()).isTrue();
    assertThat(Measurement.smaller("a", "GB", 2.1).target(2).reached()).isFalse();
    assertThat(Measurement.smaller("a", "GB", 2.1).reached()).isTrue();
    assertThat(Measurement.smaller("a", "GB", 2.1).target(2).targetText())
        .isEqualTo("at most 2 GB");
    assertThat(Measurement.larger("a", "rows/s", 1).target(50_000.5).targetText())
        .isEqualTo("at least 50,000.5 rows/s");
  }

  @Test
  void whatIsNoNumberIsRefused() {
    assertThatThrownBy(() -> Measurement.larger("speed", "tokens/s", Double.NaN))
        .hasMessageContaining("speed: expected a finite value");
    assertThatThrownBy(() -> Measurement.larger("speed", "", 1).plusMinus(-1))
        .hasMessageContaining("error of at least 0");
    assertThatThrownBy(() -> Measurement.larger(" ", "", 1)).hasMessageContaining("no name");
  }
}
