package io.adapt4j.core.search;

import io.adapt4j.core.FineTuneReport;
import io.adapt4j.core.FineTuner;
import io.adapt4j.core.internal.train.RunStates;
import io.adapt4j.core.search.Strategy.SuccessiveHalving;
import io.adapt4j.core.search.Strategy.Unit;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One trial on one rung: trained from where it stopped to the rung's budget. */
final class TrialRun implements TrainingListener {

  /** One more than needed, should the newest be damaged. */
  private static final int STATES = 2;

  private final Trial trial;
  private final int rung;
  private final Strategy strategy;
  private final Objective objective;
  private final Path output;
  private final BooleanSupplier stopRequested;
  private final TrialScores scores;
  private final long begun = System.nanoTime();
  private @Nullable FineTuner tuner;
  private int stopAt = Integer.MAX_VALUE;

  TrialRun(
      Trial trial,
      int rung,
      Strategy strategy,
      Objective objective,
      Path output,
      BooleanSupplier stopRequested) {
    this.trial = trial;
    this.rung = rung;
    this.strategy = strategy;
    this.objective = objective;
    this.output = output;
    this.stopRequested = stopRequested;
    this.scores = TrialScores.open(output, objective);
  }

  /**
   * Trains.
   *
   * @return the result, also of a failure; empty if the search was stopped meanwhile
   */
  Optional<TrialResult> run(Function<Trial, FineTuner.Builder> template) {
    try {
      tuner = described(template.apply(trial)).build();
      FineTuneReport report = tuner.run();
      boolean cutShort = report.reason() == StopReason.STOP_REQUESTED && report.steps() < stopAt;
      scores.spend(elapsed());
      return cutShort ? Optional.empty() : Optional.of(finished(report.steps()));
    } catch (SearchException e) {
      throw e;
    } catch (RuntimeException | OutOfMemoryError e) {
      return Optional.of(failed(e.toString()));
    }
  }

  /** What the search decides: where to, how far, and that every cut can be continued from. */
  private FineTuner.Builder described(FineTuner.Builder builder) {
    builder.output(output);
    // A trial that begins, or was cut off before its first state, has nothing to go on with.
    if (RunStates.exist(output)) {
      builder.resume();
    } else {
      builder.overwriteOutput();
    }
    builder.saveLimit(STATES).keepBest().listener(this);
    if (strategy instanceof SuccessiveHalving halving) {
      if (halving.unit() == Unit.STEPS) {
        builder
            .maxSteps(halving.most())
            .epochs(halving.most())
            .evaluateEvery(Interval.steps(halving.least()));
      } else {
        builder.epochs(halving.most()).evaluateEvery(Interval.EPOCH);
      }
    }
    return builder;
  }

  private TrialResult finished(int steps) {
    Map.Entry<Integer, Double> best = scores.best();
    if (best.getKey() == 0) {
      return failed("no evaluation gave a finite " + objective.name());
    }
    return new TrialResult(
        trial, rung, steps, best.getValue(), best.getKey(), scores.seconds(), Optional.empty());
  }

  private TrialResult failed(String reason) {
    return new TrialResult(
        trial,
        rung,
        scores.lastStep(),
        Double.NaN,
        0,
        scores.seconds() + elapsed(),
        Optional.of(reason.lines().findFirst().orElse(reason)));
  }

  private double elapsed() {
    return (System.nanoTime() - begun) / 1e9;
  }

  @Override
  public void started(RunStart event) {
    if (strategy instanceof SuccessiveHalving halving) {
      int budget = halving.budgets().get(rung);
      int unit = halving.unit() == Unit.STEPS ? 1 : event.totalSteps() / halving.most();
      stopAt = Math.min(event.totalSteps(), budget * unit);
    }
    stopIfDue(0);
  }

  @Override
  public void resumed(ResumeEvent event) {
    scores.forgetAfter(event.step());
    stopIfDue(event.step());
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    if (event.step() == 0) {
      scores.clear();
    } else {
      scores.add(event.step(), objective.metric().applyAsDouble(event));
    }
  }

  @Override
  public void step(StepEvent event) {
    stopIfDue(event.step());
  }

  @Override
  public void skipped(SkippedStep event) {
    stopIfDue(event.step());
  }

  private void stopIfDue(int step) {
    if (step >= stopAt || stopRequested.getAsBoolean()) {
      Objects.requireNonNull(tuner, "events come from a run").stop();
    }
  }
}
