package io.adapt4j.upkeep.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.data.Row;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A stream of rows, of which some windows have drifted. */
class DriftMonitorTest {

  private static final DriftTest TEST =
      DriftTest.builder().category("refused").alpha(0.001).build();

  private final List<DriftReport> reports = new ArrayList<>();
  private final DriftMonitor monitor = new DriftMonitor(TEST, 100, 50, reports::add);

  private static Row row(boolean refused) {
    return Row.of(Map.of("refused", refused));
  }

  private void learn() {
    for (int i = 0; i < 1000; i++) {
      monitor.learn(row(i % 10 == 0));
    }
  }

  /** Adds a window and returns what its last row reports. */
  private Optional<DriftReport> window(int refused) {
    for (int i = 0; i < 49; i++) {
      assertThat(monitor.add(row(i < refused))).isEmpty();
    }
    return monitor.add(row(false));
  }

  @Test
  void anAlarmIsNotRepeatedWhileTheDriftLasts() {
    learn();
    assertThat(window(5)).isEmpty();
    assertThat(window(30)).hasValueSatisfying(report -> assertThat(report.drifted()).isTrue());
    assertThat(window(30)).isEmpty();
    assertThat(window(5)).isEmpty();
    assertThat(window(30)).isPresent();
    assertThat(reports).hasSize(5);
  }

  @Test
  void theReferenceIsASampleOfAllRowsLearned() {
    learn();
    window(5);
    assertThat(reports).hasSize(1).first().returns(100, DriftReport::referenceRows);
    assertThat(reports.get(0).nowRows()).isEqualTo(50);
  }

  @Test
  void afterAResetAnotherPeriodIsTheReference() {
    learn();
    assertThat(window(30)).isPresent();
    monitor.reset();
    assertThatIllegalStateException()
        .isThrownBy(() -> monitor.add(row(false)))
        .withMessageContaining("at least 20 reference rows, found 0");
    for (int i = 0; i < 100; i++) {
      monitor.learn(row(i < 60));
    }
    assertThat(window(30)).isEmpty();
  }

  @Test
  void metersShowTheLastReport() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    DriftMonitor metered =
        new DriftMonitor(TEST, 100, 50, new DriftMeters(registry, "product", "help"));
    for (int i = 0; i < 100; i++) {
      metered.learn(row(i % 10 == 0));
    }
    for (int i = 0; i < 100; i++) {
      metered.add(row(i >= 50));
    }
    assertThat(registry.get("adapt4j.drift.detected").tag("field", "refused").gauge().value())
        .isEqualTo(1);
    assertThat(registry.get("adapt4j.drift.p.value").tag("test", "chi_square").gauge().value())
        .isLessThan(1e-3);
    assertThat(registry.get("adapt4j.drift.effect").gauge().value()).isGreaterThan(0.1);
    assertThat(registry.get("adapt4j.drift.reports").tag("product", "help").counter().count())
        .isEqualTo(2);
    assertThat(registry.get("adapt4j.drift.alarms").counter().count()).isEqualTo(1);
  }

  @Test
  void tooSmallWindowsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DriftMonitor(TEST, 100, 19, report -> {}))
        .withMessage("windowRows: expected at least 20, found 19. Try 1000.");
  }
}
