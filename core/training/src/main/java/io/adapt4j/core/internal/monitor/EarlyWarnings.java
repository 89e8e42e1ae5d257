package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Listener that warns when the metrics of a run look wrong, while it can still be fixed.
 *
 * <p>Installed by {@link io.adapt4j.core.finetune.FineTuner} between the trainer and other
 * listeners: it forwards every event, and reports a warning right after the event that raised it.
 * Each kind of warning is raised at most once per run; the rules restart on resume.
 *
 * <table>
 * <caption>Conditions of warnings</caption>
 * <tr><td>{@code OVERFITTING}</td><td>two consecutive evaluations above the best one by more than 2
 *     % (and 0.005), the second not below the first, while the mean training loss between
 *     evaluations is below its value at the best one
 *     </td></tr>
 * <tr><td>{@code GRADIENT_SPIKES}</td><td>three gradient norms in 200 steps above 10 times the
 *     median of the last 50</td></tr>
 * <tr><td>{@code LOSS_NEAR_ZERO}</td><td>a mean training loss over 20 steps below 0.01, or a
 *     validation loss below 0.01, even before the first step</td></tr>
 * <tr><td>{@code NOTHING_LEARNED}</td><td>50 steps and two evaluations after the warmup, no
 *     validation loss differs from the first by 0.2 %. Without validation, 100 steps after the
 *     warmup: the trend of the training loss, including two standard errors, is within 1 % of the
 *     loss</td></tr>
 * <tr><td>{@code LOSS_NOT_FINITE}</td><td>three skipped steps in 100, or a validation loss that is
 *     NaN or infinite</td></tr>
 * <tr><td>{@code LOSS_RISING}</td><td>two consecutive blocks of 20 steps whose mean loss exceeds
 *     the lowest block's by 10 % and six standard errors of a block's mean</td></tr>
 * <tr><td>{@code STILL_FALLING}</td><td>at the end of a completed run: a line fitted to the
 *     training losses of the last 30 % of the steps (at least 20) falls by more than 10 % of their
 *     mean and two standard errors, and the last evaluation is the best and improves on the
 *     previous one by 3 %</td></tr>
 * <tr><td>{@code MEMORY_GROWING}</td><td>the minimum RSS per 100 steps rose five times in a row by
 *     at least 1 %, and by 20 % and 256 MiB in total</td></tr>
 * </table>
 */
public final class EarlyWarnings implements TrainingListener {

  private final TrainingListener listener;
  private final boolean lossFalls;
  private final List<WarningRule> rules = new ArrayList<>();
  private final List<TrainingWarning> raised = new ArrayList<>();

  private EarlyWarnings(TrainingListener listener, boolean lossFalls) {
    this.listener = listener;
    this.lossFalls = lossFalls;
  }

  /** Applies all rules in front of other listeners. */
  public static EarlyWarnings before(List<? extends TrainingListener> listeners) {
    return new EarlyWarnings(TrainingListener.all(listeners), true);
  }

  /**
   * Applies only the rules on gradients, finite numbers and memory, for runs whose loss value is
   * not meaningful, such as reinforcement learning.
   */
  public static EarlyWarnings ofRewards(List<? extends TrainingListener> listeners) {
    return new EarlyWarnings(TrainingListener.all(listeners), false);
  }

  /** Returns the warnings raised so far. */
  public List<TrainingWarning> raised() {
    return List.copyOf(raised);
  }

  @Override
  public void started(RunStart event) {
    rules.clear();
    raised.clear();
    rules.addAll(
        lossFalls
            ? List.of(
                new OverfittingRule(),
                new GradientSpikesRule(),
                new LossNearZeroRule(),
                new NothingLearnedRule(),
                new LossNotFiniteRule(),
                new LossRisingRule(),
                new StillFallingRule(),
                new MemoryGrowingRule())
            : List.of(new GradientSpikesRule(), new LossNotFiniteRule(), new MemoryGrowingRule()));
    listener.started(event);
  }

  @Override
  public void resumed(ResumeEvent event) {
    listener.resumed(event);
  }

  @Override
  public void step(StepEvent event) {
    listener.step(event);
    apply(rule -> rule.step(event));
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    listener.evaluated(event);
    apply(rule -> rule.evaluated(event));
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    listener.checkpointSaved(event);
  }

  @Override
  public void skipped(SkippedStep event) {
    listener.skipped(event);
    apply(rule -> rule.skipped(event));
  }

  @Override
  public void warned(TrainingWarning warning) {
    raised.add(warning);
    listener.warned(warning);
  }

  @Override
  public void ended(RunEnd event) {
    apply(rule -> rule.ended(event));
    listener.ended(event);
  }

  /** Applies an event to all rules; a rule that raised a warning is removed. */
  private void apply(Function<WarningRule, Optional<TrainingWarning>> event) {
    for (WarningRule rule : List.copyOf(rules)) {
      event
          .apply(rule)
          .ifPresent(
              warning -> {
                rules.remove(rule);
                warned(warning);
              });
    }
  }
}
