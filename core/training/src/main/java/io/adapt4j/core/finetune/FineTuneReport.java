package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.train.RunMetrics;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Results of a fine-tuning run: losses, metrics, speed, memory, checkpoints and warnings. */
public final class FineTuneReport {

  private final FineTunePlan plan;
  private final TrainingResult result;
  private final RunMetrics metrics;

  FineTuneReport(FineTunePlan plan, TrainingResult result, RunMetrics metrics) {
    this.plan = plan;
    this.result = result;
    this.metrics = metrics;
  }

  /** {@return the plan of the run} */
  public FineTunePlan plan() {
    return plan;
  }

  /** {@return the optimizer steps performed} */
  public int steps() {
    return result.steps();
  }

  /** {@return the training loss of the first step} */
  public double firstLoss() {
    return result.firstLoss();
  }

  /**
   * Returns the final training loss: the mean over the last tenth of the steps (2 to 10 steps),
   * weighted by the targets of each, because the last batch alone may be small.
   *
   * @return the mean
   */
  public double lastLoss() {
    return result.lastLoss();
  }

  /**
   * Returns the checkpoint to use.
   *
   * <p>With {@link FineTuner.Builder#keepBest} it is never worse than the model before training by
   * the metric for the best model: if no evaluation was better, it contains that model itself, as
   * an adapter that changes nothing or as a copy of the base. Without it, only the last checkpoint
   * exists; {@link #outcome} states whether it is better than the model before training.
   *
   * @return folder of the best checkpoint if it was kept, else of the last
   */
  public Path best() {
    return result.best();
  }

  /** {@return the latest checkpoint} */
  public Path last() {
    return result.last();
  }

  /**
   * Returns whether training improved the model, by the validation loss or the metric for the best
   * model.
   *
   * @return whether the run ended better or worse than it began
   */
  public RunOutcome outcome() {
    return result.outcome();
  }

  /** {@return why the run ended} */
  public StopReason reason() {
    return result.reason();
  }

  /**
   * Returns the validation loss before training.
   *
   * @return mean cross-entropy per target token; empty without validation data
   */
  public OptionalDouble initialValidationLoss() {
    return result.initialValidationLoss();
  }

  /**
   * Returns the validation loss of the best evaluation, including the one before training.
   *
   * @return the mean over targets; empty without validation data
   */
  public OptionalDouble bestValidationLoss() {
    return result.bestValidationLoss();
  }

  /**
   * {@return the task's metrics at the best checkpoint besides the loss, such as {@code accuracy};
   * empty without validation data and for next-token prediction}
   */
  public Map<String, Double> bestMetrics() {
    return result.bestMetrics();
  }

  /**
   * {@return the step of the best evaluation; 0 if no evaluation was better than the one before
   * training; empty without validation data}
   */
  public OptionalInt bestStep() {
    return result.bestStep();
  }

  /** {@return the validation loss of the last evaluation; empty without validation data} */
  public OptionalDouble lastValidationLoss() {
    return result.lastValidationLoss();
  }

  /** {@return the task's metrics before training besides the loss; may be empty} */
  public Map<String, Double> initialMetrics() {
    return result.initialMetrics();
  }

  /** {@return the task's metrics at the last evaluation besides the loss; may be empty} */
  public Map<String, Double> lastMetrics() {
    return result.lastMetrics();
  }

  /**
   * Returns the training throughput, excluding padding, evaluation and checkpointing, since the run
   * started or was resumed.
   *
   * @return tokens per second; empty before the first timed step
   */
  public OptionalDouble tokensPerSecond() {
    return metrics.tokensPerSecond();
  }

  /** {@return target tokens per second; empty before the first timed step} */
  public OptionalDouble targetTokensPerSecond() {
    return metrics.targetTokensPerSecond();
  }

  /** {@return peak memory (RSS), measured at the ends of steps; empty if not known} */
  public OptionalLong peakResidentBytes() {
    return metrics.peakResidentBytes();
  }

  /** {@return mean CPU utilization, from 0 to 1; empty if not known} */
  public OptionalDouble processorShare() {
    return metrics.processorShare();
  }

  /**
   * Returns the training time.
   *
   * @return from the first evaluation to the last checkpoint
   */
  public Duration elapsed() {
    return result.elapsed();
  }

  /**
   * Returns the warnings of the run.
   *
   * @return warnings in the order they were raised, preceded by the warning that the run ended
   *     worse than it began, if it did; empty if there are none
   */
  public List<TrainingWarning> warnings() {
    return metrics.warnings().stream()
        .sorted(Comparator.comparing(warning -> warning.kind() != TrainingWarning.Kind.ENDED_WORSE))
        .toList();
  }

  /**
   * Formats this report: whether the run ended worse than it began, then the reason it ended,
   * losses, speed, memory, checkpoints and warnings.
   *
   * @return readable lines, each ended by a line feed
   */
  public String text() {
    return ReportText.of(this, result, metrics);
  }
}
