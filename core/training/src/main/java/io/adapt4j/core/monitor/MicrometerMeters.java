package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Implementation of {@link TrainingListeners#micrometer}. */
final class MicrometerMeters implements TrainingListener {

  private static final String PREFIX = "adapt4j.training.";

  private final MeterRegistry registry;
  private final Tags tags;

  /** The registry reads these from its own threads. */
  private final Map<String, Value> values = new HashMap<>();

  private MicrometerMeters(MeterRegistry registry, Tags tags) {
    this.registry = registry;
    this.tags = tags;
  }

  static MicrometerMeters of(MeterRegistry registry, String... tags) {
    return new MicrometerMeters(Objects.requireNonNull(registry, "registry"), Tags.of(tags));
  }

  @Override
  public void started(RunStart event) {
    gauge("active", 1);
    gauge("progress", 0);
  }

  @Override
  public void step(StepEvent event) {
    gauge("progress", (double) event.step() / event.totalSteps());
    gauge(
        "remaining",
        event.timeLeft().map(time -> time.toMillis() / 1e3).orElse(Double.NaN),
        "seconds");
    gauge("loss", event.loss());
    gauge("gradient.norm", event.gradientNorm());
    gauge("learning.rate", event.learningRate());
    event.resources().heapBytes().ifPresent(bytes -> gauge("memory.heap", (double) bytes, "bytes"));
    event
        .resources()
        .residentBytes()
        .ifPresent(bytes -> gauge("memory.resident", (double) bytes, "bytes"));
    event.resources().processorShare().ifPresent(share -> gauge("processor.share", share));
    event
        .metrics()
        .forEach((name, value) -> gauge("training.metric", value, null, Tag.of("metric", name)));
    registry.timer(PREFIX + "step", tags).record(event.duration());
    double seconds = event.duration().toNanos() / 1e9;
    registry.counter(PREFIX + "tokens", tags).increment(event.tokensPerSecond() * seconds);
    registry.counter(PREFIX + "target.tokens", tags).increment((double) event.targetTokens());
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    gauge("validation.loss", event.loss());
    if (!Double.isNaN(event.perplexity())) {
      gauge("validation.perplexity", event.perplexity());
    }
    event
        .metrics()
        .forEach((name, value) -> gauge("validation.metric", value, null, Tag.of("metric", name)));
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    registry.counter(PREFIX + "checkpoints", tags).increment();
  }

  @Override
  public void skipped(SkippedStep event) {
    gauge("progress", (double) event.step() / event.totalSteps());
    registry.counter(PREFIX + "skipped.steps", tags).increment();
  }

  @Override
  public void warned(TrainingWarning warning) {
    String kind = warning.kind().name().toLowerCase(Locale.ROOT);
    registry.counter(PREFIX + "warnings", tags.and("kind", kind)).increment();
  }

  @Override
  public void ended(RunEnd event) {
    gauge("active", 0);
    gauge("remaining", 0, "seconds");
  }

  private void gauge(String name, double value) {
    gauge(name, value, null);
  }

  private void gauge(String name, double value, @Nullable String unit, Tag... more) {
    String key = name + Tags.of(more);
    values.computeIfAbsent(key, absent -> register(name, unit, more)).number = value;
  }

  private Value register(String name, @Nullable String unit, Tag... more) {
    Value value = new Value();
    Gauge.builder(PREFIX + name, () -> value.number)
        .tags(tags.and(more))
        .baseUnit(unit)
        .register(registry);
    return value;
  }

  /** A number that other threads read. */
  private static final class Value {
    private volatile double number;
  }
}
