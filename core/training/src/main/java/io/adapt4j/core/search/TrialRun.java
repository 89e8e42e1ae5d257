package io.adapt4j.core.search;

import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
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

/** Training of one trial on one rung, resumed from the previous rung. */
final class TrialRun implements TrainingListener {

  /** Number of states to keep: one more than needed, in case the newest is damaged. */
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

  /** Sets the options that the search controls: the output, the budget, and resumable states. */
  private FineTuner.Builder described(FineTuner.Builder builder) {
    builder.output(output);
    // A new trial, or one interrupted before its first state, has nothing to resume from.
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
