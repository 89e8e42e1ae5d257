package io.adapt4j.core.internal.task;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.memory.StepTimer;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.train.LearningRateRangeTest;
import io.adapt4j.core.internal.train.RangeTestLoop;
import io.adapt4j.core.internal.train.SettingsText;
import io.adapt4j.core.internal.train.Trainer;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.WorkerAgreement;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Runs any task: planning, training, timing and the learning-rate range test. */
public final class TaskRunner<B> {

  private final FineTuneSettings settings;
  private final PreparedTask<B> task;
  private final WorkerGroup workers;
  private final EncodedData data;
  private boolean brief;

  private TaskRunner(FineTuneSettings settings, PreparedTask<B> task, WorkerGroup workers) {
    this.settings = settings;
    this.task = task;
    this.workers = workers;
    this.data = task.data();
  }

  /** Plan and result of a run. */
  public record Outcome(FineTunePlan plan, TrainingResult result) {}

  public static FineTunePlan plan(FineTuneSettings settings, Device device, int timedSteps) {
    return prepared(
        settings,
        WorkerGroup.ALONE,
        (runner, tokenizer) -> {
          Network declared = settings.objective().model().declare();
          Forecast memory = runner.forecast(declared, device);
          Timing timing = timedSteps == 0 ? Timing.NONE : runner.timed(timedSteps);
          return runner.plan(
              declared, Optional.of(memory), timing, RunNotes.of(settings, tokenizer));
        });
  }

  /** Trains to the end and saves. */
  public static Outcome run(FineTuneSettings settings, BooleanSupplier stopRequested) {
    return run(settings, stopRequested, WorkerGroup.ALONE);
  }

  /**
   * Trains to the end as one of several workers. Only the leading worker saves and notifies
   * listeners.
   */
  public static Outcome run(
      FineTuneSettings settings, BooleanSupplier stopRequested, WorkerGroup workers) {
    return run(settings, stopRequested, workers, false);
  }

  /** Trains to the end without evaluations that decide nothing, but for the last. */
  static Outcome runBriefly(FineTuneSettings settings) {
    return run(settings, () -> false, WorkerGroup.ALONE, true);
  }

  private static Outcome run(
      FineTuneSettings settings,
      BooleanSupplier stopRequested,
      WorkerGroup workers,
      boolean brief) {
    if (workers.size() > 1 && settings.method().initializesFromData()) {
      throw SettingsException.ofFineTuning(
          List.of(
              "An initialization from the training data runs in one process only, as workers could"
                  + " find different ranks; initialize otherwise, or train in one process."));
    }
    try (OutputLock lock = workers.leads() ? OutputLock.take(settings.output()) : null) {
      return prepared(
          settings,
          workers,
          (runner, tokenizer) -> {
            FineTunePlan plan =
                runner.plan(
                    settings.objective().model().declare(),
                    Optional.empty(),
                    Timing.NONE,
                    RunNotes.ofReport(settings));
            runner.agree();
            runner.brief = brief;
            return new Outcome(plan, runner.trained(plan, stopRequested));
          });
    }
  }

  /** Use of encoded data. */
  @FunctionalInterface
  interface Inspection<R> {
    R apply(PreparedTask<?> task, Map<String, String> identity);
  }

  /** Encodes the data of a run and describes the run; reads no weights. */
  static <R> R inspected(FineTuneSettings settings, Inspection<R> inspection) {
    return prepared(
        settings,
        WorkerGroup.ALONE,
        (runner, tokenizer) ->
            inspection.apply(runner.task, RunIdentity.of(settings, runner.data, runner.terms())));
  }

  private void agree() {
    if (workers.size() > 1) {
      WorkerAgreement.require(
          workers, WorkerIdentity.of(settings, RunIdentity.of(settings, data, terms())));
    }
  }

  private List<String> terms() {
    return task.regularizations();
  }

  /** Runs the learning-rate range test; writes nothing. */
  public static LearningRateCurve sweep(FineTuneSettings settings, LearningRateRangeTest sweep) {
    return prepared(settings, WorkerGroup.ALONE, (runner, tokenizer) -> runner.swept(sweep));
  }

  /** Timed steps, and the metrics of the model before them. */
  private record Timing(Optional<TimedSteps> steps, Map<String, Double> baseline) {

    private static final Timing NONE = new Timing(Optional.empty(), Map.of());
  }

  /** Action on a prepared task with any type of batches. */
  @FunctionalInterface
  private interface Action<R> {
    R apply(TaskRunner<?> runner, Tokenizer tokenizer);
  }

  /** Action on a loaded task. */
  @FunctionalInterface
  private interface Trains<B, R> {
    R apply(Network network, Training<B> training);
  }

  private static <R> R prepared(FineTuneSettings settings, WorkerGroup workers, Action<R> action) {
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      Task task = settings.objective().task();
      PreparedTask<?> prepared =
          TaskDefinitions.of(task).prepare(task, settings, tokenizer, workers);
      EncodedData data = prepared.data();
      settings
          .repeats()
          .map(record -> record.changedData(rows(data.train()), data.held().map(TaskRunner::rows)))
          .filter(changed -> !changed.isEmpty())
          .ifPresent(
              changed -> {
                throw SettingsException.ofFineTuning(changed);
              });
      return action.apply(new TaskRunner<>(settings, prepared, workers), tokenizer);
    }
  }

  private static Provenance.EncodedRows rows(EncodingReport encoded) {
    return new Provenance.EncodedRows(encoded.kept(), encoded.digest());
  }

  private <R> R loaded(PreparedTask.Purpose purpose, Trains<B, R> action) {
    TaskModel model = settings.objective().model();
    Started started = started(model.load(settings.precision(), settings.seed()));
    try (Network network = started.network();
        Adaptation adaptation =
            settings
                .method()
                .attach(dropping(network), settings.model().folder(), settings.seed())) {
      started.attached().run();
      if (settings.method().initializesFromData()) {
        initialize(network, adaptation);
      }
      return task.with(network, adaptation, purpose, training -> action.apply(network, training));
    }
  }

  /** Initializes from the data before anything else, such as a penalty, holds trainable values. */
  private void initialize(Network network, Adaptation adaptation) {
    task.with(
        network,
        adaptation,
        PreparedTask.Purpose.TIMING,
        training -> {
          training.initialize();
          return null;
        });
  }

  /** A network with its first values, and what is to run when the method is attached. */
  private record Started(Network network, Runnable attached) {}

  /** Initializes the output layer before the method is attached, so that all its copies agree. */
  private Started started(Network network) {
    try {
      Runnable attached = settings.headWarmStart() ? task.startHead(network, workers) : () -> {};
      return new Started(network, attached);
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  private Network dropping(Network network) {
    if (settings.modelDropout()) {
      network.drop(Architectures.dropout(network.modelConfig()));
    }
    return network;
  }

  private TrainingResult trained(FineTunePlan plan, BooleanSupplier stopRequested) {
    return loaded(
        PreparedTask.Purpose.TRAINING,
        (network, training) ->
            trainer(training, stopRequested)
                .run(start(network, plan, training.task().isTokenLoss())));
  }

  private Trainer<B> trainer(Training<B> training, BooleanSupplier stopRequested) {
    if (!workers.leads()) {
      return trainer(training, training.adaptation(), new TrainingListener() {}, stopRequested);
    }
    RunRecorder recorder =
        RunRecorder.start(
            settings,
            WrittenRecipe.of(settings, TaskDefinitions.OPTIONS),
            data,
            task.chatTemplate());
    return trainer(
        training,
        recorder.recording(training.adaptation()),
        recorder.before(settings.listeners()),
        stopRequested);
  }

  private Trainer<B> trainer(
      Training<B> training,
      Adaptation adaptation,
      TrainingListener listener,
      BooleanSupplier stopRequested) {
    return new Trainer<>(
            training.task(),
            adaptation,
            settings.training().identifiedBy(RunIdentity.of(settings, data, terms())),
            training.batches(),
            training.held(),
            settings.output(),
            listener,
            stopRequested)
        .keepLast(settings.numberedCheckpoints())
        .usualRates(settings.choices().defaults().usualRates())
        .hooks(training.hooks().among(workers))
        .stepsTogether(training.stepsTogether())
        .masked(!settings.maskedRows().isEmpty(), brief);
  }

  private RunStart start(Network network, FineTunePlan plan, boolean tokenLoss) {
    return new RunStart(
        plan.steps(),
        settings.training().epochs(),
        plan.trainableParameters(),
        plan.totalParameters(),
        plan.trainExamples(),
        plan.validationExamples(),
        settings.model() + readAs(network) + ", " + settings.method().description(),
        network.type() == DType.BF16 ? "bf16, trained values fp32" : "fp32",
        settings.replacesEarlierRun()
            ? Map.of(SettingsText.EARLIER_RUN, SettingsText.REPLACED)
            : Map.of(),
        tokenLoss);
  }

  private String readAs(Network network) {
    return Architectures.note(settings.model().folder()).isEmpty()
        ? ""
        : " (of an unknown type, read as " + network.modelConfig().modelType() + ")";
  }

  private LearningRateCurve swept(LearningRateRangeTest sweep) {
    TrainingOptions options = settings.training();
    return loaded(
        PreparedTask.Purpose.RANGE_TEST,
        (network, training) -> {
          try (TrainingStep<B> step =
              new TrainingStep<>(
                  training.task(), training.adaptation(), options.step(), training.hooks())) {
            return RangeTestLoop.run(
                sweep,
                step,
                training.task(),
                training.batches(),
                options.accumulation(),
                settings.seed());
          }
        });
  }

  private Timing timed(int steps) {
    return loaded(
        PreparedTask.Purpose.TIMING,
        (network, training) -> {
          StepTimer<B> timer =
              new StepTimer<>(
                  training.task(),
                  training.adaptation(),
                  settings.training(),
                  training.batches(),
                  training.held());
          Map<String, Double> baseline =
              settings.headWarmStart() ? HeldMeasurement.of(training) : Map.of();
          TimedSteps timed =
              task.rollouts().isPresent()
                  ? timer.measureWithBatches(steps, training.stepsTogether())
                  : timer.measure(steps, data.train().tokens());
          return new Timing(Optional.of(timed), baseline);
        });
  }

  private FineTunePlan plan(
      Network declared, Optional<Forecast> memory, Timing timing, List<String> notes) {
    EncodingReport train = data.train();
    Optional<EncodingReport> held = data.held();
    return new RunPlan(
        settings.training().totalSteps(task.batches()),
        train.kept(),
        held.map(EncodingReport::kept).orElse(0),
        train.rows()
            - train.kept()
            + held.map(encodingReport -> encodingReport.rows() - encodingReport.kept()).orElse(0),
        train.truncated() + held.map(EncodingReport::truncated).orElse(0),
        train.split() + held.map(EncodingReport::split).orElse(0),
        train.targetTokens(),
        settings.method().trainableParameters(declared),
        declared.parameterCount(),
        options(declared),
        settings.choices().questions(),
        workers.leads() ? DataFindings.of(settings) : List.of(),
        memory,
        timing.steps(),
        timing.baseline(),
        task.rollouts(),
        notes);
  }

  private List<FineTunePlan.Option> options(Network declared) {
    List<FineTunePlan.Option> options =
        new ArrayList<>(settings.choices().options(settings.training(), settings.batchSize()));
    if (TaskDefinitions.of(settings.objective().task()).startsHead(declared)
        && settings.method().start().isEmpty()) {
      options.add(settings.choices().headWarmStart(settings.headWarmStart()));
    }
    return options;
  }

  /** Predicts the memory, based on the largest micro-batch. */
  private Forecast forecast(Network declared, Device device) {
    TrainingStep.Settings step = settings.training().step();
    PreparedTask.LargestBatch largest =
        task.largestBatch(Math.min(settings.batchSize(), data.train().kept()));
    StepShape shape =
        new StepShape(
            largest.rows(),
            largest.longest(),
            settings.training().accumulation(),
            LoadedModel.typeOf(settings.precision(), declared, settings.model().folder()),
            step.optimizer(),
            step.recompute());
    Planner planner =
        Planner.of(dropping(declared), settings.method())
            .lasting(microBatches())
            .ofLengths(lengths());
    return task.beside(planner, declared).forecast(shape, device);
  }

  /** Estimates the number of distinct batch lengths from their spread around the mean. */
  private long lengths() {
    EncodingReport train = data.train();
    long mean = train.tokens() / Math.max(1, train.samples());
    long spread = 2 * Math.max(0, train.longest() - mean);
    return Math.max(1, Math.min(microBatches(), 1 + spread));
  }

  /** Returns the number of micro-batches of the whole run without packing. */
  private long microBatches() {
    TrainingOptions training = settings.training();
    long perEpoch = (data.train().kept() + settings.batchSize() - 1L) / settings.batchSize();
    long all = perEpoch * training.epochs();
    return training.maxSteps() == 0
        ? all
        : Math.min(all, (long) training.maxSteps() * training.accumulation());
  }
}
