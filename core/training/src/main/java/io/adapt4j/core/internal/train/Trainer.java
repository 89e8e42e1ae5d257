package io.adapt4j.core.internal.train;

import com.google.common.collect.Iterators;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Training loop: epochs of steps, evaluations, checkpoints, and the events that report them. The
 * same data, options and machine give the same losses.
 */
public final class Trainer<B> {

  /**
   * Subfolder of the checkpoint of the best evaluation. It holds the untrained model until an
   * evaluation is better than the one before training.
   */
  public static final String BEST = "best";

  /** Subfolder of the newest checkpoint. */
  public static final String LAST = "last";

  /** Subfolder of the states to resume from. */
  public static final String STATES = RunStates.FOLDER;

  /** Interval in steps at which workers compare their trained parameters. */
  private static final int COMPARED_STEPS = 50;

  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final TrainingTask<B> task;
  private final Adaptation adaptation;
  private final TrainingOptions options;
  private final BatchSource<B> train;
  private final Path output;
  private final TrainingListener listener;
  private final BooleanSupplier stopRequested;
  private final LearningRate rate;
  private final RunStates states;
  private final Evaluations<B> evaluations;
  private final RunCheckpoints checkpoints;
  private final int totalSteps;

  private LongSupplier clock = System::nanoTime;
  private long startNanos = clock.getAsLong();
  private int steps;
  private int skippedInARow;
  private double firstLoss = Double.NaN;
  private RecentLosses recentLosses = RecentLosses.NONE;
  private String usualRates = "";
  private StepHooks hooks = StepHooks.NONE;
  private long stateSavedNanos = startNanos;
  private int stepsTogether = 1;
  private TimeLeft timeLeft = new TimeLeft(clock, stepsTogether);
  private int concludedAt = -1;
  private boolean masked;
  private boolean brief;

  public static List<String> numberedCheckpoints(Path output) {
    return new NumberedCheckpoints(output, 0).names();
  }

  /** Prepares a run. */
  public Trainer(
      TrainingTask<B> task,
      Adaptation adaptation,
      TrainingOptions options,
      BatchSource<B> train,
      Optional<? extends BatchSource<B>> validation,
      Path output,
      TrainingListener listener,
      BooleanSupplier stopRequested) {
    this.task = task;
    this.adaptation = adaptation;
    this.options = options;
    this.train = train;
    this.output = output;
    this.listener = listener;
    this.stopRequested = stopRequested;
    this.states = new RunStates(output, options.states());
    this.evaluations = new Evaluations<>(task, validation, listener, options.earlyStopping());
    this.checkpoints = new RunCheckpoints(output, adaptation, listener, isResumable());
    this.totalSteps = options.totalSteps(train.count());
    this.rate =
        new LearningRate(options.schedule(), options.learningRate(), options.warmup(), totalSteps);
  }

  /** Sets the participants in each step. Default: {@link StepHooks#NONE}. */
  public Trainer<B> hooks(StepHooks taking) {
    hooks = taking;
    if (!taking.workers().leads()) {
      checkpoints.leaveFiles();
    }
    return this;
  }

  /** Also keeps the newest checkpoints in folders {@code checkpoint-STEP}. Default: none. */
  public Trainer<B> keepLast(int checkpoints) {
    this.checkpoints.keepNumbered(checkpoints);
    return this;
  }

  /**
   * Sets the number of steps whose batches are made together, such as those of a rollout, for the
   * estimate of the remaining time. Default: 1.
   */
  public Trainer<B> stepsTogether(int steps) {
    stepsTogether = steps;
    return this;
  }

  /**
   * Leaves out steps whose rows are all masked, which change nothing, and, in a brief run,
   * evaluations before the last that no best checkpoint, early stopping, numbered checkpoint or
   * averaging depends on. Default: neither.
   */
  public Trainer<B> masked(boolean some, boolean inBrief) {
    masked = some;
    brief = inBrief;
    return this;
  }

  Trainer<B> clock(LongSupplier nanoTime) {
    clock = nanoTime;
    startNanos = nanoTime.getAsLong();
    stateSavedNanos = startNanos;
    return this;
  }

  /**
   * Sets the description of usual learning rates, for the warning about a run that ends worse than
   * it began.
   */
  public Trainer<B> usualRates(String text) {
    usualRates = text;
    return this;
  }

  /** Runs to the end. The listener is always notified of the end, even on an exception. */
  public TrainingResult run(RunStart start) {
    listener.started(start.withSettings(SettingsText.of(options, output)));
    StopReason reason = StopReason.FAILED;
    timeLeft = new TimeLeft(clock, stepsTogether);
    Torch.giveBackMemory();
    try (TrainingStep<B> step = new TrainingStep<>(task, adaptation, options.step(), hooks)) {
      if (!resume(step)) {
        timeLeft.pause();
        evaluateBefore();
        timeLeft.evaluated();
      }
      StopReason ended = epochs(step);
      boolean resumable = ended == StopReason.STOP_REQUESTED && isResumable();
      if (resumable && evaluations.bestStep().orElse(0) > 0) {
        evaluations.settleBest();
      }
      finish(step);
      reason = ended;
      evaluations.warn(steps);
      Verdict verdict = evaluations.verdict();
      if (verdict.outcome() == RunOutcome.WORSE) {
        listener.warned(
            verdict.warning(steps, options.keepBest(), options.learningRate(), usualRates));
      }
    } finally {
      listener.ended(
          new RunEnd(reason, steps, evaluations.bestStep(), evaluations.bestLoss(), elapsed()));
    }
    Path last = output.resolve(LAST);
    return new TrainingResult(
        reason,
        steps,
        task.isTokenLoss(),
        firstLoss,
        recentLosses.mean(steps),
        evaluations.initialLoss(),
        evaluations.initialMetrics(),
        evaluations.newestLoss(),
        evaluations.newestMetrics(),
        evaluations.verdict().outcome(),
        evaluations.bestLoss(),
        evaluations.bestStep(),
        evaluations.bestMetrics(),
        evaluations.bestStep().isPresent() && options.keepBest() ? output.resolve(BEST) : last,
        last,
        elapsed());
  }

  private void evaluateBefore() {
    evaluations.evaluateBefore();
    if (evaluations.bestStep().isPresent() && options.keepBest()) {
      checkpoints.saveBest(steps);
      writeEvaluation();
    }
  }

  private void writeEvaluation() {
    if (leads()) {
      evaluations.writeNewest(output);
    }
  }

  /** Resumes from the newest saved state; returns false if there is none or resuming is off. */
  private boolean resume(TrainingStep<B> step) {
    if (!leads()) {
      return follow(step);
    }
    Optional<RunStates.Found> found = Optional.empty();
    if (options.states().resume()) {
      found = states.newest(options.earlyStopping(), this::bestProblem);
    } else {
      states.clear();
      checkpoints.clear();
    }
    if (found.isEmpty()) {
      WorkerResume.NOTHING.tell(hooks.workers());
      return false;
    }
    RunStates.Found state = found.get();
    Progress progress = state.progress();
    restoreUntrainedBest(progress);
    restoreBest(step, progress);
    restore(step, state);
    Evaluations<B> best = options.keepBest() ? evaluations : null;
    List<String> damaged = new ArrayList<>(state.damaged());
    damaged.addAll(checkpoints.takeStock(progress, state.checked(), best));
    damaged.forEach(line -> LOG.warn("Resuming at step {}: {}", steps, line));
    new WorkerResume(steps, checkpoints.lastSavedAt(), evaluations.bestStep().isPresent())
        .tell(hooks.workers());
    listener.resumed(new ResumeEvent(steps, state.path(), damaged));
    return true;
  }

  private void restore(TrainingStep<B> step, RunStates.Found state) {
    Progress progress = state.progress();
    try (Checkpoint tensors = Checkpoint.openFile(state.tensors())) {
      step.restore(tensors, progress.applied());
      train.restore(tensors);
    }
    steps = progress.steps();
    skippedInARow = progress.skippedInARow();
    firstLoss = progress.firstLoss();
    recentLosses = progress.recentLosses();
    evaluations.restore(progress);
  }

  /** Resumes from the state that the leading worker has chosen. */
  private boolean follow(TrainingStep<B> step) {
    WorkerResume told = WorkerResume.hear(hooks.workers());
    if (told.step() < 0) {
      return false;
    }
    restore(step, states.at(told.step(), options.earlyStopping()));
    checkpoints.lastSavedAt(told.savedAt());
    if (!told.hasBest()) {
      evaluations.forgetBest();
    }
    return true;
  }

  private boolean leads() {
    return hooks.workers().leads();
  }

  private Optional<String> bestProblem(RunStates.Found state) {
    Progress progress = state.progress();
    return !options.keepBest() || progress.bestStep().orElse(0) == 0 || !state.checked()
        ? Optional.empty()
        : checkpoints.bestProblem(progress.bestStep().getAsInt(), progress.steps());
  }

  /**
   * Saves {@code best} again if it held the untrained model, which is loaded until the state is
   * restored.
   */
  private void restoreUntrainedBest(Progress progress) {
    if (options.keepBest()
        && progress.bestStep().orElse(-1) == 0
        && checkpoints.isUntrainedBestLost(progress.steps())) {
      checkpoints.saveBest(steps);
    }
  }

  /** Saves {@code best} again from the state of its step if it was never saved in this folder. */
  private void restoreBest(TrainingStep<B> step, Progress progress) {
    int best = progress.bestStep().orElse(0);
    if (options.keepBest() && best > 0 && checkpoints.isBestUnsaved() && states.has(best)) {
      restore(step, states.at(best, options.earlyStopping()));
      step.evaluating(() -> checkpoints.saveBest(best));
    }
  }

  private boolean isResumable() {
    return options.states().kept() > 0;
  }

  private void saveState(TrainingStep<B> step) {
    if (!isResumable() || !leads()) {
      return;
    }
    Progress progress =
        new Progress(
            steps,
            step.applied(),
            skippedInARow,
            firstLoss,
            recentLosses,
            evaluations.initialLoss(),
            evaluations.initialMetrics(),
            evaluations.bestLoss(),
            evaluations.bestStep(),
            evaluations.bestMetrics(),
            evaluations.patience(),
            checkpoints.lastSavedAt());
    try (Scope scope = Scope.open()) {
      List<TensorData> tensors = new ArrayList<>(step.state());
      tensors.addAll(train.state());
      states.save(progress, tensors);
    }
    stateSavedNanos = clock.getAsLong();
  }

  private boolean isStateDue(boolean epochEnds) {
    Duration time = options.states().time();
    return time.isZero()
        ? isDue(options.states().interval(), epochEnds)
        : clock.getAsLong() - stateSavedNanos >= time.toNanos();
  }

  private boolean isDue(int interval, boolean epochEnds) {
    return interval == 0 ? epochEnds : steps % interval == 0;
  }

  private StopReason epochs(TrainingStep<B> step) {
    int perEpoch = options.stepsPerEpoch(train.count());
    boolean evaluates =
        !brief
            || options.keepBest()
            || options.earlyStopping().isPresent()
            || checkpoints.keepsNumbered()
            || step.averages();
    for (int epoch = steps / perEpoch; steps < totalSteps; epoch++) {
      int done = steps % perEpoch;
      Iterator<List<B>> batches =
          Iterators.partition(
              train.epoch(epoch, done * options.accumulation()), options.accumulation());
      for (int inEpoch = done + 1; batches.hasNext(); inEpoch++) {
        perform(step, batches.next(), epoch + (double) inEpoch / perEpoch);
        boolean epochEnds = !batches.hasNext();
        if (evaluates && isDue(options.evaluationInterval(), epochEnds)) {
          timeLeft.pause();
          step.evaluating(this::evaluateAndSave);
          timeLeft.evaluated();
          if (evaluations.shouldStop()) {
            return StopReason.EARLY_STOPPED;
          }
        }
        boolean stops = stopRequested.getAsBoolean();
        if (stops || isStateDue(epochEnds)) {
          timeLeft.pause();
          saveState(step);
          timeLeft.saved();
        }
        if (stops) {
          return StopReason.STOP_REQUESTED;
        }
        if (steps == totalSteps) {
          return StopReason.COMPLETED;
        }
      }
    }
    return StopReason.COMPLETED;
  }

  private void perform(TrainingStep<B> step, List<B> micro, double epoch) {
    long begun = clock.getAsLong();
    long processorNanos = ResourceMeter.processorNanos();
    long targets = micro.stream().mapToLong(task::targets).sum();
    double learningRate = rate.rate(steps);
    long seed = options.seed() + (long) steps * options.accumulation();
    double divisor = micro.stream().mapToDouble(task::weight).sum();
    if (masked && divisor == 0) {
      steps++;
      timeLeft.stepEnded();
      return;
    }
    TrainingStep.Outcome outcome = step.run(micro, divisor, learningRate, seed);
    Map<String, Double> metrics = task.takeStepMetrics();
    steps++;
    if (hooks.workers().size() > 1 && steps % COMPARED_STEPS == 1) {
      WorkerAgreement.requireSameValues(hooks.workers(), adaptation.trained(), steps);
    }
    timeLeft.stepEnded();
    if (!outcome.applied()) {
      skip(outcome);
      return;
    }
    skippedInARow = 0;
    if (step.applied() == 1 && !step.withoutGradient().isEmpty()) {
      listener.warned(TrainingFailures.withoutGradient(steps, step.withoutGradient()));
    }
    recentLosses = recentLosses.with(outcome.loss(), divisor);
    if (Double.isNaN(firstLoss)) {
      firstLoss = outcome.loss();
    }
    long nanos = clock.getAsLong() - begun;
    long tokens = micro.stream().mapToLong(task::tokens).sum();
    listener.step(
        new StepEvent(
            steps,
            totalSteps,
            epoch,
            outcome.loss(),
            learningRate,
            outcome.gradientNorm(),
            tokens * 1e9 / nanos,
            targets,
            elapsed(),
            timeLeft
                .estimate(totalSteps - steps, options.evaluationsLeft(steps, train.count()))
                .orElse(StepEvent.UNKNOWN_TIME),
            outcome.penalty(),
            Duration.ofNanos(nanos),
            ResourceMeter.use(processorNanos, nanos),
            metrics));
  }

  private void skip(TrainingStep.Outcome outcome) {
    skippedInARow++;
    String reason = outcome.problem();
    listener.skipped(
        new SkippedStep(
            steps, totalSteps, reason, outcome.loss(), outcome.gradientNorm(), skippedInARow));
    if (skippedInARow > options.maxSkippedSteps()) {
      throw TrainingFailures.tooManySkipped(
          steps, skippedInARow, reason, checkpoints.lastSavedAt(), output.resolve(LAST));
    }
  }

  private void evaluateAndSave() {
    OptionalDouble loss = evaluations.evaluateAfter(steps);
    concludedAt = steps;
    if (!isSound(loss)) {
      return;
    }
    checkpoints.saveLast(steps);
    boolean best = evaluations.isBestAt(steps);
    if (best && options.keepBest()) {
      checkpoints.saveBest(steps);
    }
    if (best || !options.keepBest()) {
      writeEvaluation();
    }
  }

  /**
   * Returns whether the loss is finite, so that the model may replace the last checkpoint: finite
   * gradients do not guarantee that.
   */
  private boolean isSound(OptionalDouble validationLoss) {
    return Double.isFinite(validationLoss.orElseGet(() -> task.evaluate(train.any())));
  }

  private void finish(TrainingStep<B> step) {
    step.conclude();
    if (concludedAt != steps) {
      evaluateAndSave();
    }
    if (checkpoints.lastSavedAt() < 0) {
      if (options.keepBest() && evaluations.bestStep().orElse(-1) == 0) {
        checkpoints.discardBest();
      }
      throw TrainingFailures.nothingSound(steps);
    }
  }

  private Duration elapsed() {
    return Duration.ofNanos(clock.getAsLong() - startNanos);
  }
}
