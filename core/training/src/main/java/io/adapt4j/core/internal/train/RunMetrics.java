package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Throughput and resource metrics of a run, over all steps since it started or resumed. */
public record RunMetrics(
    OptionalDouble tokensPerSecond,
    OptionalDouble targetTokensPerSecond,
    OptionalLong peakResidentBytes,
    OptionalDouble processorShare,
    List<TrainingWarning> warnings) {

  /** Metrics of a run that was not measured. */
  public static final RunMetrics NONE =
      new RunMetrics(
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalLong.empty(),
          OptionalDouble.empty(),
          List.of());

  /** Copies the warnings. */
  public RunMetrics {
    warnings = List.copyOf(warnings);
  }

  /** Accumulates metrics during a run. */
  public static final class Collector implements TrainingListener {

    private final List<TrainingWarning> warnings = new ArrayList<>();
    private double seconds;
    private double tokens;
    private double targets;
    private long peakResident;
    private double processorSeconds;
    private double measuredSeconds;

    public Collector() {}

    @Override
    public void started(RunStart event) {
      warnings.clear();
      seconds = 0;
      tokens = 0;
      targets = 0;
      peakResident = 0;
      processorSeconds = 0;
      measuredSeconds = 0;
    }

    @Override
    public void step(StepEvent event) {
      double took = event.duration().toNanos() / 1e9;
      seconds += took;
      tokens += event.tokensPerSecond() * took;
      targets += event.targetTokens();
      event
          .resources()
          .residentBytes()
          .ifPresent(bytes -> peakResident = Math.max(peakResident, bytes));
      event
          .resources()
          .processorShare()
          .ifPresent(
              share -> {
                processorSeconds += share * took;
                measuredSeconds += took;
              });
    }

    @Override
    public void warned(TrainingWarning warning) {
      warnings.add(warning);
    }

    /** Returns the metrics of the steps so far. */
    public RunMetrics metrics() {
      return new RunMetrics(
          ratio(tokens, seconds),
          ratio(targets, seconds),
          peakResident > 0 ? OptionalLong.of(peakResident) : OptionalLong.empty(),
          ratio(processorSeconds, measuredSeconds),
          warnings);
    }

    private static OptionalDouble ratio(double amount, double seconds) {
      return seconds > 0 ? OptionalDouble.of(amount / seconds) : OptionalDouble.empty();
    }
  }
}
