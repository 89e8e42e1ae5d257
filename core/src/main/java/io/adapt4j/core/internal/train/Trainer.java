package io.adapt4j.core.internal.train;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the training loop: epochs of steps, evaluations, checkpoints, and the events that tell of
 * them. The same data, options and machine give the same losses.
 *
 * @param <B> a batch
 */
public final class Trainer<B> {

  /**
   * Sub-folder of the checkpoint of the best evaluation. That before training counts: it holds the
   * model as it was until an evaluation is better.
   */
  public static final String BEST = "best";

  /** Sub-folder of the newest checkpoint. */
  public static final String LAST = "last";

  /** Sub-folder of the states to resume from. */
  public static final String STATES = RunStates.FOLDER;

  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private static final String ADVICE =
      " Lower the learning rate, lengthen the warm-up, or train in fp32.";

  private final TrainingTask<B> task;
  private final Adaptation adaptation;
  private final TrainingOptions options;
  private final BatchSource<B> train;
  private final Optional<? extends BatchSource<B>> validation;
  private final Path output;
  private final TrainingListener listener;
  private final BooleanSupplier stopRequested;
  private final LearningRate rate;
  private final RunStates states;
  private final CheckpointMarks marks;
  private final int totalSteps;

  private LongSupplier clock = System::nanoTime;
  private long startNanos = clock.getAsLong();
  private int steps;
  private int skippedInARow;
  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;
  private OptionalDouble initialValidation = OptionalDouble.empty();
  private Map<String, Double> initialMetrics = Map.of();
  private OptionalDouble bestValidation = OptionalDouble.empty();
  private OptionalInt bestStep = OptionalInt.empty();
  private Map<String, Double> bestMetrics = Map.of();
  private Evaluation<B> newestEvaluation;
  private OptionalDouble newestValidation = OptionalDouble.empty();
  private Map<String, Double> newestMetrics = Map.of();
  private String usualRates = "";
  private Optional<EarlyStopping> patience;
  private StepHooks hooks = StepHooks.NONE;
  private int numberedCheckpoints;
  private long stateSavedNanos = startNanos;
  private int stepsTogether = 1;
  private TimeLeft timeLeft = new TimeLeft(clock, stepsTogether);
  private int concludedAt = -1;
  private int savedAt = -1;

  /** Whether no later evaluation may replace the best, which the newest state goes with. */
  private boolean bestIsSettled;

  /**
   * Finds the numbered checkpoints of a run.
   *
   * @param output the run's folder
   * @return names of the sub-folders, the newest first
   */
  public static List<String> numberedCheckpoints(Path output) {
    return new NumberedCheckpoints(output, 0).names();
  }

  /**
   * Prepares a run.
   *
   * @param task what is minimized
   * @param adaptation what trains in it
   * @param options how to proceed
   * @param train training data
   * @param validation held-out data, if there is any
   * @param output folder for checkpoints
   * @param listener told of everything; its exceptions must not reach the trainer
   * @param stopRequested asked after each step
   */
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
    this.validation = validation;
    this.output = output;
    this.listener = listener;
    this.stopRequested = stopRequested;
    this.patience = options.earlyStopping();
    this.states = new RunStates(output, options.states());
    this.marks = new CheckpointMarks(output);
    this.totalSteps = options.totalSteps(train.count());
    this.rate =
        new LearningRate(options.schedule(), options.learningRate(), options.warmup(), totalSteps);
  }

  /**
   * Lets others take part in each step. Default: {@link StepHooks#NONE}.
   *
   * @param taking part between backward pass and update; not closed here
   * @return this trainer
   */
  public Trainer<B> hooks(StepHooks taking) {
    hooks = taking;
    return this;
  }

  /**
   * Keeps the newest checkpoints in folders {@code checkpoint-STEP} of their own. Default: none.
   *
   * @param checkpoints how many stay, at least 0
   * @return this trainer
   */
  public Trainer<B> keepLast(int checkpoints) {
    numberedCheckpoints = checkpoints;
    return this;
  }

  /**
   * Says how many steps' batches are made together, such as those of a rollout, so that the time
   * left is not judged by some of them. Default: 1.
   *
   * @param steps at least 1
   * @return this trainer
   */
  public Trainer<B> stepsTogether(int steps) {
    stepsTogether = steps;
    return this;
  }

  /** Goes by another clock, for tests. */
  Trainer<B> clock(LongSupplier nanoTime) {
    clock = nanoTime;
    startNanos = nanoTime.getAsLong();
    stateSavedNanos = startNanos;
    return this;
  }

  /**
   * Says which learning rates are usual, for what is said of a run that ends worse than it began.
   *
   * @param text rates, what they are for and who says so; empty to say nothing
   * @return this trainer
   */
  public Trainer<B> usualRates(String text) {
    usualRates = text;
    return this;
  }

  /**
   * Runs to the end. Always tells the listener of the end, also when it throws.
   *
   * @param start what to tell the listener at the beginning
   * @return how it went
   * @throws TrainingException if too many steps in a row are not finite, or none left a model worth
   *     saving
   */
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
      bestIsSettled = ended == StopReason.STOP_REQUESTED && isResumable() && bestStep.orElse(0) > 0;
      finish();
      reason = ended;
      if (verdict().outcome() == RunOutcome.WORSE) {
        listener.warned(
            verdict().warning(steps, options.keepBest(), options.learningRate(), usualRates));
      }
    } finally {
      listener.ended(new RunEnd(reason, steps, bestStep, bestValidation, elapsed()));
    }
    Path last = output.resolve(LAST);
    return new TrainingResult(
        reason,
        steps,
        firstLoss,
        lastLoss,
        initialValidation,
        initialMetrics,
        newestValidation,
        newestMetrics,
        verdict().outcome(),
        bestValidation,
        bestStep,
        bestMetrics,
        bestStep.isPresent() && options.keepBest() ? output.resolve(BEST) : last,
        last,
        elapsed());
  }

  private Verdict verdict() {
    return new Verdict(
        task.selection(),
        initialValidation,
        initialMetrics,
        newestValidation,
        newestMetrics,
        bestStep);
  }

  /** The model before training is what every later evaluation has to be better than. */
  private void evaluateBefore() {
    initialValidation = evaluate();
    initialMetrics = newestMetrics;
    if (bestStep.isEmpty()) {
      return;
    }
    double cost = newestCost();
    patience = patience.map(one -> Double.isNaN(cost) ? one : one.afterEvaluation(cost));
    if (options.keepBest()) {
      save(BEST, true);
      newestEvaluation.write(output);
    }
  }

  private double newestCost() {
    return newestValidation.isEmpty()
        ? Double.NaN
        : task.selection().cost(newestValidation.getAsDouble(), newestMetrics);
  }

  /** Goes on from the newest saved state; false if there is none or none is wanted. */
  private boolean resume(TrainingStep<B> step) {
    if (!options.states().resume()) {
      clear();
      return false;
    }
    Optional<RunStates.Found> found = states.newest(options.earlyStopping(), this::bestProblem);
    if (found.isEmpty()) {
      return false;
    }
    RunStates.Found state = found.get();
    Progress progress = state.progress();
    restoreUntrainedBest(progress);
    try (Checkpoint tensors = Checkpoint.openFile(state.tensors())) {
      step.restore(tensors, progress.applied());
      train.restore(tensors);
    }
    steps = progress.steps();
    skippedInARow = progress.skippedInARow();
    firstLoss = progress.firstLoss();
    lastLoss = progress.lastLoss();
    initialValidation = progress.initialValidation();
    initialMetrics = progress.initialMetrics();
    bestValidation = progress.bestValidation();
    bestStep = progress.bestStep();
    bestMetrics = progress.bestMetrics();
    patience = progress.patience();
    savedAt = progress.savedAt();
    List<String> damaged = new ArrayList<>(state.damaged());
    damaged.addAll(takeStock(state.checked()));
    damaged.forEach(line -> LOG.warn("Resuming at step {}: {}", steps, line));
    listener.resumed(new ResumeEvent(steps, state.path(), damaged));
    return true;
  }

  private void clear() {
    states.clear();
    numbered().clear();
    try {
      marks.clear();
    } catch (IOException e) {
      throw new TrainingException("Deleting the marks of old checkpoints failed: " + e);
    }
  }

  /** What forbids to go on from a state because of the checkpoint that is the best so far. */
  private Optional<String> bestProblem(RunStates.Found state) {
    Progress progress = state.progress();
    return !options.keepBest()
            || progress.bestStep().orElse(0) == 0
            || !state.checked()
            || marks.isGone(BEST)
        ? Optional.empty()
        : marks.problem(
            BEST, progress.bestStep().getAsInt(), progress.bestStep().getAsInt(), progress.steps());
  }

  /** The model before training is at hand until the state is restored. */
  private void restoreUntrainedBest(Progress progress) {
    if (options.keepBest()
        && progress.bestStep().orElse(-1) == 0
        && marks.problem(BEST, 0, 0, progress.steps()).isPresent()) {
      save(BEST, true);
    }
  }

  /** What the checkpoints have lost since: the last one is saved again before the run ends. */
  private List<String> takeStock(boolean checked) {
    List<String> lost = new ArrayList<>();
    try {
      if (!checked) {
        adopt();
      }
      if (bestStep.isPresent() && options.keepBest() && marks.isDeleted(BEST)) {
        lost.add(
            output.resolve(BEST)
                + " is gone: the best is chosen among the evaluations to come, without that of step "
                + bestStep.getAsInt());
        bestStep = OptionalInt.empty();
        bestValidation = OptionalDouble.empty();
        bestMetrics = Map.of();
      }
    } catch (IOException e) {
      throw new TrainingException("Reading the checkpoints in " + output + " failed: " + e, e);
    }
    if (savedAt >= 0) {
      marks
          .problem(LAST, savedAt, steps, steps)
          .ifPresent(
              problem -> {
                lost.add(problem + "; it is saved again at the next evaluation");
                savedAt = -1;
              });
    }
    return lost;
  }

  private void adopt() throws IOException {
    if (bestStep.isPresent()) {
      marks.adopt(BEST, bestStep.getAsInt());
    }
    if (savedAt >= 0) {
      marks.adopt(LAST, savedAt);
    }
  }

  private boolean isResumable() {
    return options.states().kept() > 0;
  }

  private void saveState(TrainingStep<B> step) {
    if (!isResumable()) {
      return;
    }
    Progress progress =
        new Progress(
            steps,
            step.applied(),
            skippedInARow,
            firstLoss,
            lastLoss,
            initialValidation,
            initialMetrics,
            bestValidation,
            bestStep,
            bestMetrics,
            patience,
            savedAt);
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
    for (int epoch = steps / perEpoch; steps < totalSteps; epoch++) {
      int done = steps % perEpoch;
      Iterator<B> batches = train.epoch(epoch, done * options.accumulation());
      for (int inEpoch = done + 1; batches.hasNext(); inEpoch++) {
        perform(step, take(batches), epoch + (double) inEpoch / perEpoch);
        boolean epochEnds = !batches.hasNext();
        if (isDue(options.evaluationInterval(), epochEnds)) {
          timeLeft.pause();
          evaluateAndSave();
          timeLeft.evaluated();
          if (patience.map(EarlyStopping::shouldStop).orElse(false)) {
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

  private List<B> take(Iterator<B> batches) {
    List<B> micro = new ArrayList<>();
    while (micro.size() < options.accumulation() && batches.hasNext()) {
      micro.add(batches.next());
    }
    return micro;
  }

  private void perform(TrainingStep<B> step, List<B> micro, double epoch) {
    long begun = clock.getAsLong();
    long processorNanos = ResourceMeter.processorNanos();
    long targets = micro.stream().mapToLong(task::targets).sum();
    double learningRate = rate.rate(steps);
    long seed = options.seed() + (long) steps * options.accumulation();
    double divisor = micro.stream().mapToDouble(task::weight).sum();
    TrainingStep.Outcome outcome = step.run(micro, divisor, learningRate, seed);
    Map<String, Double> metrics = task.takeStepMetrics();
    steps++;
    timeLeft.stepEnded();
    if (!outcome.applied()) {
      skip(outcome);
      return;
    }
    skippedInARow = 0;
    lastLoss = outcome.loss();
    if (Double.isNaN(firstLoss)) {
      firstLoss = lastLoss;
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
            timeLeft.estimate(totalSteps - steps, evaluationsLeft()).orElse(StepEvent.UNKNOWN_TIME),
            outcome.penalty(),
            Duration.ofNanos(nanos),
            ResourceMeter.use(processorNanos, nanos),
            metrics));
  }

  /** Evaluations that are still due, the one at the end of the run among them. */
  private int evaluationsLeft() {
    int interval =
        options.evaluationInterval() == 0
            ? options.stepsPerEpoch(train.count())
            : options.evaluationInterval();
    int whole = totalSteps / interval - steps / interval;
    boolean present = steps % interval == 0;
    boolean last = totalSteps % interval != 0;
    return whole + (present ? 1 : 0) + (last ? 1 : 0);
  }

  private void skip(TrainingStep.Outcome outcome) {
    skippedInARow++;
    String reason = reason(outcome);
    listener.skipped(
        new SkippedStep(
            steps, totalSteps, reason, outcome.loss(), outcome.gradientNorm(), skippedInARow));
    if (skippedInARow > options.maxSkippedSteps()) {
      throw new TrainingException(
          "Training stopped at step "
              + steps
              + ": "
              + skippedInARow
              + " steps in a row were not finite (in the last one "
              + reason
              + "). "
              + (savedAt >= 0
                  ? "The checkpoint of step " + savedAt + " is intact in " + output.resolve(LAST)
                  : "No checkpoint had been saved yet")
              + "."
              + ADVICE);
    }
  }

  private static String reason(TrainingStep.Outcome outcome) {
    if (!Double.isFinite(outcome.loss())) {
      return "the loss is " + outcome.loss();
    }
    return Double.isFinite(outcome.penalty())
        ? "the gradient norm is " + outcome.gradientNorm()
        : "the penalty is " + outcome.penalty();
  }

  private OptionalDouble evaluate() {
    if (validation.isEmpty()) {
      return OptionalDouble.empty();
    }
    double sum = 0;
    double divisor = 0;
    Evaluation<B> evaluation = task.evaluation();
    Iterator<B> batches = validation.get().epoch(0);
    while (batches.hasNext()) {
      B batch = batches.next();
      sum += evaluation.add(batch);
      divisor += task.weight(batch);
    }
    double loss = sum / divisor;
    Map<String, Double> metrics = evaluation.metrics();
    boolean best = Double.isFinite(loss) && isBest(loss, metrics);
    listener.evaluated(
        new EvaluationEvent(steps, loss, Math.exp(loss), best && steps > 0, metrics));
    if (best) {
      bestValidation = OptionalDouble.of(loss);
      bestStep = OptionalInt.of(steps);
      bestMetrics = metrics;
    }
    newestEvaluation = evaluation;
    newestValidation = OptionalDouble.of(loss);
    newestMetrics = metrics;
    return OptionalDouble.of(loss);
  }

  private boolean isBest(double loss, Map<String, Double> metrics) {
    if (bestIsSettled) {
      return false;
    }
    if (bestValidation.isEmpty()) {
      return true;
    }
    double cost = task.selection().cost(loss, metrics);
    double best = task.selection().cost(bestValidation.getAsDouble(), bestMetrics);
    // A metric may be no number before training: the correlation of equal predictions is none.
    return cost < best || (Double.isNaN(best) && !Double.isNaN(cost));
  }

  private void evaluateAndSave() {
    OptionalDouble loss = evaluate();
    concludedAt = steps;
    patience =
        patience.map(state -> loss.isPresent() ? state.afterEvaluation(newestCost()) : state);
    if (!isSound(loss)) {
      return;
    }
    saveNumbered();
    save(LAST, false);
    savedAt = steps;
    boolean best = bestStep.isPresent() && bestStep.getAsInt() == steps;
    if (options.keepBest() && best) {
      save(BEST, true);
    }
    if (newestEvaluation != null && (best || !options.keepBest())) {
      newestEvaluation.write(output);
    }
  }

  /**
   * Whether the model may replace the last checkpoint. A step with finite gradients may still drive
   * values to where the loss is not finite, which only a further pass shows.
   */
  private boolean isSound(OptionalDouble validationLoss) {
    return Double.isFinite(validationLoss.orElseGet(() -> task.evaluate(train.any())));
  }

  private void finish() {
    if (concludedAt != steps) {
      evaluateAndSave();
    }
    if (savedAt < 0) {
      discardBefore();
      throw new TrainingException(
          "Training ended at step "
              + steps
              + " with a model whose loss is not finite, and no checkpoint had been saved before."
              + ADVICE);
    }
  }

  /** A run without a checkpoint leaves nothing that looks like a result of it. */
  private void discardBefore() {
    if (options.keepBest() && bestStep.orElse(-1) == 0) {
      Path best = output.resolve(BEST);
      try {
        AtomicFolders.delete(best);
      } catch (IOException e) {
        LOG.warn("Deleting {} failed: {}", best, e.toString());
      }
    }
  }

  private void save(String name, boolean best) {
    Path folder = output.resolve(name);
    try {
      if (isResumable()) {
        marks.begin(name, steps);
      }
      adaptation.save(folder);
      if (isResumable()) {
        marks.end(name, steps);
      }
    } catch (IOException | UncheckedIOException | CheckpointException e) {
      throw unsaved(folder, e);
    }
    listener.checkpointSaved(new CheckpointEvent(steps, folder, best));
  }

  private void saveNumbered() {
    if (numberedCheckpoints > 0) {
      Path folder = numbered().folder(steps);
      try {
        numbered().save(steps, adaptation);
      } catch (IOException | UncheckedIOException | CheckpointException e) {
        throw unsaved(folder, e);
      }
      listener.checkpointSaved(new CheckpointEvent(steps, folder, false));
    }
  }

  private NumberedCheckpoints numbered() {
    return new NumberedCheckpoints(output, numberedCheckpoints);
  }

  private TrainingException unsaved(Path folder, Exception cause) {
    return new TrainingException(
        "Saving the checkpoint of step "
            + steps
            + " in "
            + folder
            + " failed: "
            + WriteFailure.explain(folder, cause)
            + ". Checkpoints and states saved before are intact; go on from them with resume().",
        cause);
  }

  private Duration elapsed() {
    return Duration.ofNanos(clock.getAsLong() - startNanos);
  }
}
