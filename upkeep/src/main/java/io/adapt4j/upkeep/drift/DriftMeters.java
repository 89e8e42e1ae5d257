package io.adapt4j.upkeep.drift;

import io.adapt4j.upkeep.drift.DriftReport.Result;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Micrometer meters of drift reports: gauges {@code adapt4j.drift.effect}, {@code
 * adapt4j.drift.p.value} (adjusted) and {@code adapt4j.drift.detected} (0 or 1), each tagged {@code
 * field} and {@code test}, and counters {@code adapt4j.drift.reports} and {@code
 * adapt4j.drift.alarms}. Needs {@code io.micrometer:micrometer-core}. Thread-safe.
 */
public final class DriftMeters implements Consumer<DriftReport> {

  private static final String PREFIX = "adapt4j.drift.";

  private final MeterRegistry registry;
  private final Tags tags;

  /** The registry reads these from its own threads. */
  private final Map<String, Value> values = new ConcurrentHashMap<>();

  /**
   * Keeps meters in a registry.
   *
   * @param registry the registry
   * @param tags keys and values, alternating, of every meter
   */
  public DriftMeters(MeterRegistry registry, String... tags) {
    this.registry = Objects.requireNonNull(registry, "registry");
    this.tags = Tags.of(tags);
  }

  /** Records a report. */
  @Override
  public void accept(DriftReport report) {
    registry.counter(PREFIX + "reports", tags).increment();
    registry.counter(PREFIX + "alarms", tags).increment(report.drifted() ? 1 : 0);
    for (Result result : report.results()) {
      String test = result.method().name().toLowerCase(Locale.ROOT);
      Tags both = tags.and("field", result.field(), "test", test);
      set("effect", both, result.effect());
      set("p.value", both, result.adjustedPValue());
      set("detected", both, result.drifted() ? 1 : 0);
    }
  }

  private void set(String name, Tags all, double number) {
    values.computeIfAbsent(name + all, absent -> register(name, all)).number = number;
  }

  private Value register(String name, Tags all) {
    Value value = new Value();
    Gauge.builder(PREFIX + name, () -> value.number).tags(all).register(registry);
    return value;
  }

  /** A number that other threads read. */
  private static final class Value {
    private volatile double number;
  }
}
