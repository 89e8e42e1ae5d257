package io.adapt4j.core.monitor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MicrometerMetersTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MicrometerMeters meters = MicrometerMeters.of(registry, "run", "support");

  @Test
  void gaugesFollowTheLastStep() {
    meters.started(MadeUpRun.start(1000));
    assertThat(gauge("active")).isEqualTo(1);
    ResourceUse use =
        new ResourceUse(OptionalLong.of(64), OptionalLong.of(1024), OptionalDouble.of(0.75));
    meters.step(MadeUpRun.step(1, 3.5, 9, 1e-4, use));
    meters.step(MadeUpRun.step(250, 2.5, 1.25, 2e-4, use));
    assertThat(gauge("loss")).isEqualTo(2.5);
    assertThat(gauge("gradient.norm")).isEqualTo(1.25);
    assertThat(gauge("learning.rate")).isEqualTo(2e-4);
    assertThat(gauge("progress")).isEqualTo(0.25);
    assertThat(gauge("remaining")).isEqualTo(375);
    assertThat(gauge("memory.heap")).isEqualTo(64);
    assertThat(gauge("memory.resident")).isEqualTo(1024);
    assertThat(gauge("processor.share")).isEqualTo(0.75);
    meters.ended(MadeUpRun.end(1000));
    assertThat(gauge("active")).isZero();
    assertThat(gauge("remaining")).isZero();
  }

  @Test
  void countersAddUpOverTheRun() {
    MadeUpRun.replay(meters, 100);
    meters.warned(MadeUpRun.WARNING);
    assertThat(registry.get("adapt4j.training.step").timer().count()).isEqualTo(99);
    assertThat(registry.get("adapt4j.training.step").timer().totalTime(TimeUnit.SECONDS))
        .isCloseTo(99 * 0.8, within(1e-6));
    assertThat(counter("target.tokens")).isEqualTo(99 * 300);
    assertThat(counter("tokens")).isCloseTo(99 * 480 * 0.8, within(1_500.0));
    assertThat(counter("skipped.steps")).isEqualTo(1);
    assertThat(counter("checkpoints")).isEqualTo(15);
    assertThat(
            registry.get("adapt4j.training.warnings").tag("kind", "overfitting").counter().count())
        .isEqualTo(1);
  }

  @Test
  void evaluationsHaveAGaugeForEachMetric() {
    meters.evaluated(new EvaluationEvent(10, 1.5, 4.48, true, Map.of("accuracy", 0.75, "f1", 0.5)));
    assertThat(gauge("validation.loss")).isEqualTo(1.5);
    assertThat(gauge("validation.perplexity")).isEqualTo(4.48);
    assertThat(
            registry.get("adapt4j.training.validation.metric").tag("metric", "f1").gauge().value())
        .isEqualTo(0.5);
  }

  @Test
  void whatIsNotKnownHasNoMeter() {
    meters.step(MadeUpRun.step(1, 3.5, 9, 1e-4, ResourceUse.UNKNOWN));
    assertThat(registry.find("adapt4j.training.memory.resident").gauge()).isNull();
    assertThat(registry.find("adapt4j.training.processor.share").gauge()).isNull();
  }

  @Test
  void everyMeterHasTheGivenTags() {
    MadeUpRun.replay(meters, 20);
    assertThat(registry.getMeters())
        .isNotEmpty()
        .allSatisfy(meter -> assertThat(meter.getId().getTag("run")).isEqualTo("support"))
        .extracting(Meter::getId)
        .allMatch(id -> id.getName().startsWith("adapt4j.training."));
  }

  @Test
  void aTagWithoutAValueIsRefused() {
    refuses(IllegalArgumentException.class, () -> MicrometerMeters.of(registry, "run"));
  }

  private double gauge(String name) {
    return registry.get("adapt4j.training." + name).gauge().value();
  }

  private double counter(String name) {
    return registry.get("adapt4j.training." + name).counter().count();
  }
}
