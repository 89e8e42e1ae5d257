package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a run came to, over all its steps since it started or was resumed.
 *
 * @param peakResidentBytes most bytes of the process in main memory at the end of a step; empty
 *     where not known
 */
public record RunMetrics(
    OptionalDouble tokensPerSecond,
    OptionalDouble targetTokensPerSecond,
    OptionalLong peakResidentBytes,
    OptionalDouble processorShare,
    List<TrainingWarning> warnings) {

  /** Those of a run that was not watched. */
  public static final RunMetrics NONE =
      new RunMetrics(
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalLong.empty(),
          OptionalDouble.empty(),
          List.of());

  /**
   * Copies the warnings.
   *
   * @param peakResidentBytes most bytes of the process in main memory
   */
  public RunMetrics {
    warnings = List.copyOf(warnings);
  }

  /** Adds figures up while a run goes. */
  public static final class Collector implements TrainingListener {

    private final List<TrainingWarning> warnings = new ArrayList<>();
    private double seconds;
    private double tokens;
    private double targets;
    private long peakResident;
    private double processorSeconds;
    private double measuredSeconds;

    /** Starts with nothing. */
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

    /** Returns what the steps so far came to. */
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
