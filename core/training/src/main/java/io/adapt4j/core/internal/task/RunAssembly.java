package io.adapt4j.core.internal.task;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.MaskedRowKeys;
import io.adapt4j.core.internal.recipe.Objective;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.Replay;
import io.adapt4j.core.internal.recipe.RunChoices;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.EarlyStopping;
import io.adapt4j.core.internal.train.Neftune;
import io.adapt4j.core.internal.train.StateOptions;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Builds the settings of a run from the given options: checks them and fills in defaults. */
public final class RunAssembly {

  private final Draft draft;
  private final Task task;
  private final MethodMechanics method;
  private final Optimizer optimizer;
  private final TrainingDefaults defaults;
  private final Checks checks = new Checks();

  private RunAssembly(Draft draft) {
    this.draft = draft;
    this.task = draft.get(TaskDefinitions.TASK);
    FineTuningMethod chosen = draft.get(Options.METHOD);
    this.method = chosen == null ? null : Methods.of(chosen);
    this.optimizer = draft.get(Options.OPTIMIZER);
    this.defaults = defaults();
  }

  public static FineTuneSettings of(Draft draft, TrainingListener listener) {
    return new RunAssembly(draft).settings(listener);
  }

  private TrainingDefaults defaults() {
    TaskKind kind = task == null ? TaskKind.NEXT_TOKENS : TaskDefinitions.of(task).kind(task);
    TrainingDefaults ofMethod =
        method == null ? TrainingDefaults.fullFineTuning(kind) : method.defaults(kind);
    double factor = optimizer == null ? 1 : optimizer.usualRateFactor().orElse(1);
    return factor == 1
        ? ofMethod
        : ofMethod.scaledRates(ofMethod.method() + " by " + optimizer, factor);
  }

  private FineTuneSettings settings(TrainingListener listener) {
    checkValues();
    checkOutput();
    Optional<TaskModel> found =
        checks.model(draft.get(Options.MODEL), method, this::model, this::problems);
    Optional<Network> declared = found.map(TaskModel::declare);
    int contextLength = declared.map(Network::contextLength).orElse(0);
    Integer maxLength = draft.get(Options.MAX_LENGTH);
    checks.require(
        maxLength == null || contextLength == 0 || maxLength <= contextLength,
        "maxLength is " + maxLength + ", but the model's context length is " + contextLength);
    Optional<ChatTemplate> template =
        checks.chatTemplate(draft.get(Options.CHAT_TEMPLATE), draft.get(Options.MODEL));
    checks.conversations(draft.get(Options.DATA), template, draft.get(Options.MODEL));
    checks.finish();
    Objective objective =
        new Objective(
            task,
            TaskDefinitions.of(task).identity(task),
            new BestModelMetric(draft.get(Options.METRIC_FOR_BEST_MODEL)),
            found.orElseThrow());
    RunChoices choices = new RunChoices(defaults, stated(), questions(declared.orElseThrow()));
    boolean warm = warmsHead(declared.orElseThrow());
    return settings(contextLength, objective, template, choices, warm, watched(listener));
  }

  private TaskModel model(Path folder) {
    WeightFormat weights = method == null ? WeightFormat.asStored() : method.weightFormat();
    Task of = task == null ? Task.nextTokens() : task;
    StoredModel stored = StoredModel.read(folder, weights);
    Optional<LayerStack> stack = method == null ? Optional.empty() : method.layerStack();
    StoredModel stacked =
        new StoredModel(StackedLayers.of(stored.config(), stack), stored.weights());
    return TaskDefinitions.of(of).model(of, folder, stacked, draft.get(Options.DATA));
  }

  private List<String> problems(Network declared) {
    return task == null ? List.of() : TaskDefinitions.of(task).problems(task, declared, method);
  }

  private void checkValues() {
    checks.device();
    checks.require(method != null, "no method: give Lora.rank(...) or FullFineTuning.create()");
    checks.dataset("training", draft.get(Options.DATA));
    if (draft.get(Options.VALIDATION) == null) {
      checks.require(
          !draft.get(Options.KEEP_BEST),
          "keepBest needs validation data: give a Split with a validation part");
      checks.require(
          draft.get(Options.EARLY_STOPPING) == null,
          "earlyStopping needs validation data: give a Split with a validation part");
    }
    draft.check(TaskDefinitions.OPTIONS, checks);
    checks.require(
        draft.get(Options.WARMUP_RATIO) == null || draft.get(Options.WARMUP_STEPS) == null,
        "warmupRatio and warmupSteps are both set; give one of them");
    TokenChoices.check(draft, checks);
    checks.require(
        draft.get(Options.LISTENERS).stream()
            .allMatch(trainingListener -> trainingListener != null),
        "a listener is null");
    if (task != null) {
      checkTask(task);
    }
  }

  private <T extends Task> void checkTask(T of) {
    TaskDefinition<T> definition = TaskDefinitions.of(of);
    List<String> measured = new ArrayList<>(List.of(BestModelMetric.LOSS));
    measured.addAll(definition.metrics(of));
    String metricForBestModel = draft.get(Options.METRIC_FOR_BEST_MODEL);
    checks.require(
        measured.contains(metricForBestModel),
        "metricForBestModel: expected one of %s, which this task measures, found %s"
            .formatted(measured, metricForBestModel));
    checks.require(
        !Boolean.TRUE.equals(draft.get(Options.HEAD_WARM_START))
            || definition.kind(of) == TaskKind.CLASSIFICATION,
        "headWarmStart is for tasks that classify or give a number; leave it out for this one");
    checks.require(
        draft.get(MaskedRowKeys.OPTION).isEmpty() || definition.masksRows(of),
        "maskedRows is for "
            + RowRemoval.TASKS
            + ", found "
            + definition.names()
            + "; leave the rows out of the data and train again");
    definition.check(of, draft, or(draft.get(Options.BATCH_SIZE), defaults.batchSize()), checks);
  }

  private void checkOutput() {
    Path output = draft.get(Options.OUTPUT);
    boolean overwrite = draft.get(Options.OVERWRITE_OUTPUT);
    boolean resume = draft.get(Options.RESUME);
    checks.require(output != null, "no output: give the folder for checkpoints");
    if (output != null) {
      checks.output(output, overwrite || resume);
      checks.require(!overwrite || !resume, "overwriteOutput and resume exclude each other");
      if (resume && !overwrite) {
        checks.resumable(output);
      }
    }
  }

  private static <T> T or(T stated, T usual) {
    return stated == null ? usual : stated;
  }

  private double learningRate() {
    return or(draft.get(Options.LEARNING_RATE), defaults.learningRate());
  }

  /** Returns the schedule; if none was set, a constant one where averaging replaces its decay. */
  private LearningRateSchedule schedule() {
    return optimizer instanceof Optimizer.ScheduleFreeAdamW && !draft.states(Options.SCHEDULE)
        ? LearningRateSchedule.CONSTANT
        : draft.get(Options.SCHEDULE);
  }

  /** Returns the names of options that were set, among those that plan and notes depend on. */
  private Set<String> stated() {
    Set<String> stated = new HashSet<>();
    for (Option<?> option : List.of(Options.EPOCHS, Options.BATCH_SIZE, Options.LEARNING_RATE)) {
      if (draft.states(option)) {
        stated.add(option.name());
      }
    }
    if (draft.states(Options.WARMUP_RATIO) || draft.states(Options.WARMUP_STEPS)) {
      stated.add("warmup");
    }
    for (Option<?> option : List.of(Options.HEAD_WARM_START, Options.REPLAY)) {
      if (draft.states(option)) {
        stated.add(option.name());
      }
    }
    return stated;
  }

  /**
   * Returns whether to fit a new output layer; an adapter that training continues from has its own.
   */
  private boolean warmsHead(Network declared) {
    return or(draft.get(Options.HEAD_WARM_START), true)
        && method.start().isEmpty()
        && TaskDefinitions.of(task).startsHead(declared);
  }

  private List<String> questions(Network declared) {
    List<String> questions = new ArrayList<>();
    if (optimizer.usualRateFactor().isPresent()) {
      defaults.question(learningRate()).ifPresent(questions::add);
    }
    Architectures.note(draft.get(Options.MODEL).folder()).ifPresent(questions::add);
    questions.addAll(method.questions(declared));
    return List.copyOf(questions);
  }

  private FineTuneSettings settings(
      int contextLength,
      Objective objective,
      Optional<ChatTemplate> template,
      RunChoices choices,
      boolean headWarmStart,
      TrainingListener watched) {
    long seed = draft.get(Options.SEED);
    TaskKind kind = TaskDefinitions.of(task).kind(task);
    double neftune = draft.get(Options.NEFTUNE);
    Dataset train = draft.get(Options.DATA);
    Replay replay = draft.get(Options.REPLAY);
    Dataset rows = replay == null ? train : replay.mixedInto(train, seed);
    return new FineTuneSettings(
        draft.get(Options.MODEL),
        rows,
        Optional.ofNullable(draft.get(Options.VALIDATION)),
        neftune > 0 ? Neftune.of(method, neftune) : method,
        or(draft.get(Options.MODEL_DROPOUT), kind.usesModelDropout()),
        headWarmStart,
        draft.get(Options.OUTPUT),
        draft.get(Options.OVERWRITE_OUTPUT),
        or(draft.get(Options.BATCH_SIZE), defaults.batchSize()),
        Optional.ofNullable(draft.get(Options.MAX_LENGTH)),
        contextLength,
        draft.get(Options.OVERFLOW),
        TokenChoices.of(draft, masked(rows)),
        template,
        draft.get(Options.PRECISION),
        training(seed),
        seed,
        objective,
        List.of(watched),
        List.copyOf(draft.get(Options.REGULARIZE)),
        draft.get(Options.KEEP_LAST),
        draft.get(Options.EVALUATION_SAMPLES),
        Optional.ofNullable(draft.get(Options.REPEATS)),
        choices);
  }

  private List<MaskedRow> masked(Dataset rows) {
    List<MaskedRow> masked = draft.get(MaskedRowKeys.OPTION);
    List<String> problems =
        masked.stream()
            .filter(row -> row.row() >= rows.size())
            .map(
                row ->
                    "maskedRows: expected rows below %s, the number of training rows, found %s"
                        .formatted(rows.size(), row.row()))
            .toList();
    if (!problems.isEmpty()) {
      throw SettingsException.ofFineTuning(problems);
    }
    return List.copyOf(masked);
  }

  private TrainingOptions training(long seed) {
    Interval evaluating = draft.get(Options.EVALUATE_EVERY);
    Interval saving = or(draft.get(Options.SAVE_EVERY), evaluating);
    return new TrainingOptions(
        or(draft.get(Options.EPOCHS), defaults.epochs()),
        draft.get(Options.MAX_STEPS),
        draft.get(Options.GRADIENT_ACCUMULATION),
        learningRate(),
        schedule(),
        warmup(),
        new TrainingStep.Settings(
            optimizer,
            draft.get(Options.WEIGHT_DECAY),
            draft.get(Options.MAX_GRADIENT_NORM),
            or(draft.get(Options.GRADIENT_CHECKPOINTING), method.recomputesLayers()),
            rates()),
        evaluating.steps(),
        draft.get(Options.KEEP_BEST),
        Optional.ofNullable(draft.get(Options.EARLY_STOPPING)).map(EarlyStopping::withPatience),
        draft.get(Options.MAX_SKIPPED_STEPS),
        seed,
        new StateOptions(
            saving.steps(),
            saving.time(),
            draft.get(Options.SAVE_LIMIT),
            draft.get(Options.RESUME),
            Map.of()));
  }

  private List<LearningRateFactor> rates() {
    return Stream.concat(
            draft.get(Options.LEARNING_RATE_FACTORS).stream(), method.rateFactors().stream())
        .toList();
  }

  private Warmup warmup() {
    Integer steps = draft.get(Options.WARMUP_STEPS);
    return steps != null
        ? Warmup.ofSteps(steps)
        : Warmup.ofRatio(or(draft.get(Options.WARMUP_RATIO), defaults.warmupRatio()));
  }

  /** Returns the listeners and one more, with early warnings. */
  private TrainingListener watched(TrainingListener more) {
    List<TrainingListener> all = new ArrayList<>(draft.get(Options.LISTENERS));
    all.add(more);
    return TaskDefinitions.of(task).warning(all);
  }
}
