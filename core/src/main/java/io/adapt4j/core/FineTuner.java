package io.adapt4j.core;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.train.EarlyStopping;
import io.adapt4j.core.internal.train.Neftune;
import io.adapt4j.core.internal.train.StateOptions;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.monitor.EarlyWarnings;
import io.adapt4j.core.monitor.RunFigures;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.PlanOptions;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.regularization.Regularisation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.Selection;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fine-tunes a language model on a dataset and writes the result to a folder.
 *
 * <pre>{@code
 * FineTuner tuner = FineTuner.builder()
 *     .model(ModelSource.path(Path.of("models/SmolLM2-135M")))
 *     .dataset(Datasets.jsonl(Path.of("support.jsonl")).split(0.8, 0.1, 0.1, 42))
 *     .method(Lora.rank(16))
 *     .epochs(3).learningRate(2e-4).batchSize(8)
 *     .evaluateEvery(Interval.EPOCH).keepBest()
 *     .listener(ConsoleProgress.create())
 *     .output(Path.of("runs/support"))
 *     .build();
 * FineTuneReport report = tuner.run();
 * }</pre>
 *
 * <p>{@link Builder#build} checks everything that can be checked without reading a weight and
 * reports all problems together. A tuner runs once; {@link #stop} may be called from any thread.
 */
public final class FineTuner {

  private static final Logger LOG = LoggerFactory.getLogger(FineTuner.class);

  private final FineTuneSettings settings;
  private final RunFigures.Collector figures;
  private final AtomicBoolean stopRequested = new AtomicBoolean();
  private final AtomicBoolean started = new AtomicBoolean();

  private FineTuner(FineTuneSettings settings, RunFigures.Collector figures) {
    this.settings = settings;
    this.figures = figures;
  }

  /**
   * Starts describing a fine-tuning.
   *
   * @return a builder with every option at its default
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Describes the run that a record tells of, to do it again. The model, the tokenizer and the data
   * files are compared with their hashes now; the encoded data and the chat template when the run
   * starts. On the same machine with the same versions the losses and weights are the same.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @return a builder with everything set; its output is a folder beside the recorded one, with
   *     {@code -repeat} after its name
   * @throws FineTuneException naming everything that has changed or cannot be made again
   * @throws io.adapt4j.core.exception.ConfigException if there is no record, or it is damaged
   */
  public static Builder repeat(Path record) {
    return RunRepeat.of(record);
  }

  /**
   * Describes the run that a record tells of, with data that the record cannot make again, such as
   * rows in memory, otherwise as {@link #repeat(Path)}.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @param data the same training and validation data; compared by its encoded samples when the run
   *     starts
   * @return a builder with everything set
   * @throws FineTuneException naming everything that has changed
   */
  public static Builder repeat(Path record, Split data) {
    return RunRepeat.of(record, data);
  }

  /**
   * Describes the run that a record tells of and that had no validation data, otherwise as {@link
   * #repeat(Path, Split)}.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @param data the same training data; compared by its encoded samples when the run starts
   * @return a builder with everything set
   * @throws FineTuneException naming everything that has changed
   */
  public static Builder repeat(Path record, Dataset data) {
    return RunRepeat.of(record, data);
  }

  /** What is to be done. */
  FineTuneSettings settings() {
    return settings;
  }

  /**
   * Says what is unusual about this run but no reason to refuse it, such as a learning rate outside
   * what is usual for the method and the task, or a rank that no projection can use. {@link
   * Builder#build} logs the same, and {@link #plan} and the report show it.
   *
   * @return what is unusual, why it matters and what to do, one text each; empty where nothing is
   */
  public List<String> questions() {
    return settings.choices().questions();
  }

  /**
   * Works out what {@link #run} will do and what memory it will take on this machine. Tokenises the
   * data; reads no weights.
   *
   * @return the plan
   * @throws FineTuneException if no row of the training data can be used
   */
  public FineTunePlan plan() {
    return plan(PlanOptions.defaults());
  }

  /**
   * Works out what {@link #run} will do, what memory it will take on a device and, where steps are
   * to be timed, how long it will take. Timed steps need the weights; they write nothing, and what
   * they train is dropped.
   *
   * @param options the device, and how many steps to time
   * @return the plan
   * @throws FineTuneException if no row of the training data can be used
   */
  public FineTunePlan plan(PlanOptions options) {
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      TaskRun run = TaskRun.prepare(settings, tokenizer);
      Network declared = settings.objective().model().declare();
      Forecast memory = run.forecast(declared, options.device());
      Optional<TimedSteps> time =
          options.timedSteps() == 0
              ? Optional.empty()
              : Optional.of(timed(run, options.timedSteps()));
      return run.plan(declared).with(memory, time).withNotes(TemplateNotes.of(settings, tokenizer));
    }
  }

  /**
   * Shows the first rows of the training data as the model will see them. Reads no weights.
   *
   * @param rows how many; all if there are fewer
   * @return their tokens, the trained ones marked
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the task is not to predict next tokens
   */
  public Preview preview(int rows) {
    if (!(settings.objective().task() instanceof Task.NextTokens)) {
      throw new IllegalStateException(
          "preview shows tokens to be predicted next; the task of this tuner is another");
    }
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      return Preview.of(settings.train(), NextTokenRun.encoder(settings, tokenizer), rows);
    }
  }

  /**
   * Checks data with the tokenizer, the template and the length limit of this run, where its task
   * is to predict next tokens; else without them. Reads no weights.
   *
   * @param checker the data, and what to look for
   * @return what was found
   */
  public DataReport checkData(DataChecker checker) {
    if (!(settings.objective().task() instanceof Task.NextTokens)) {
      return checker.check();
    }
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      return checker.encoder(NextTokenRun.encoder(settings, tokenizer)).check();
    }
  }

  /**
   * Performs some steps to see how long {@link #run} will take, as {@link #plan(PlanOptions)} does.
   *
   * @param steps how many, at least 1
   * @return seconds a step, the time of the whole run, and the memory that was used
   * @throws FineTuneException if no row of the training data can be used
   * @throws IllegalArgumentException if there is nothing to time
   */
  public TimedSteps measure(int steps) {
    return plan(PlanOptions.timed(steps)).timed().orElseThrow();
  }

  private TimedSteps timed(TaskRun run, int steps) {
    Path folder = settings.model().folder();
    try (Network network =
            settings.objective().model().load(settings.precision(), settings.seed());
        Adaptation adaptation = settings.method().attach(network, folder, settings.seed())) {
      return run.timed(network, adaptation, steps);
    }
  }

  /**
   * Trains to the end and saves.
   *
   * @return how it went and where the checkpoints are
   * @throws FineTuneException if no row of the training data can be used
   * @throws io.adapt4j.core.train.TrainingException if the losses stay not finite
   * @throws IllegalStateException if this tuner has run before
   */
  public FineTuneReport run() {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("This FineTuner has run; build another for another run");
    }
    Path folder = settings.model().folder();
    TaskModel model = settings.objective().model();
    try (OutputLock lock = OutputLock.take(settings.output());
        Tokenizer tokenizer = Tokenizer.load(folder)) {
      TaskRun run = TaskRun.prepare(settings, tokenizer);
      FineTunePlan plan = run.plan(model.declare());
      try (Network network = model.load(settings.precision(), settings.seed());
          Adaptation adaptation = settings.method().attach(network, folder, settings.seed())) {
        return new FineTuneReport(
            plan, run.train(network, adaptation, plan, stopRequested::get), figures.figures());
      }
    }
  }

  /**
   * Looks for a learning rate: trains a few steps of this description at exponentially growing
   * rates (Smith 2017) on a model of its own. Writes nothing; {@link #run} is as it was.
   *
   * @return the losses and a suggestion
   * @throws FineTuneException if no row of the training data can be used
   */
  public LearningRateCurve findLearningRate() {
    return findLearningRate(LearningRateSweep.standard());
  }

  /**
   * Looks for a learning rate with a sweep of other rates or length than the default.
   *
   * @param sweep which rates to try
   * @return the losses and a suggestion
   * @throws FineTuneException if no row of the training data can be used
   */
  public LearningRateCurve findLearningRate(LearningRateSweep sweep) {
    Path folder = settings.model().folder();
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      TaskRun run = TaskRun.prepare(settings, tokenizer);
      try (Network network =
              settings.objective().model().load(settings.precision(), settings.seed());
          Adaptation adaptation = settings.method().attach(network, folder, settings.seed())) {
        return run.sweep(network, adaptation, sweep);
      }
    }
  }

  /**
   * Asks a running {@link #run} to end after the present step. It evaluates, saves and returns as
   * usual.
   */
  public void stop() {
    stopRequested.set(true);
  }

  /**
   * Describes a fine-tuning. Required: {@link #model}, a dataset, {@link #method}, {@link #output}.
   * Values are checked together in {@link #build}.
   */
  public static final class Builder {

    private final List<TrainingListener> listeners = new ArrayList<>();
    private final List<Regularisation> regularisations = new ArrayList<>();
    private Dataset replay;
    private double replayShare;
    private ModelSource model;
    private Task task = Task.nextTokens();
    private String bestBy = Selection.LOSS;
    private Dataset train;
    private Dataset validation;
    private MethodMechanics method;
    private Path output;
    private boolean overwrite;
    private Integer epochs;
    private int maxSteps;
    private Integer batchSize;
    private int accumulation = 1;
    private Integer maxLength;
    private Overflow overflow = Overflow.TRUNCATE_RIGHT;
    private final TokenOptions.Builder tokens = new TokenOptions.Builder();
    private Double learningRate;
    private LearningRateSchedule schedule = LearningRateSchedule.LINEAR;
    private Double warmupRatio;
    private Integer warmupSteps;
    private Optimizer optimizer = Optimizer.adamW();
    private final List<LearningRateFactor> rates = new ArrayList<>();
    private double weightDecay = FineTuneDefaults.WEIGHT_DECAY;
    private double maxGradientNorm = FineTuneDefaults.MAX_GRADIENT_NORM;
    private Interval evaluateEvery = Interval.EPOCH;
    private boolean keepBest;
    private Integer patience;
    private Boolean gradientCheckpointing;
    private double neftune;
    private Precision precision = Precision.AUTO;
    private Interval saveEvery;
    private int numberedCheckpoints;
    private int saveLimit = FineTuneDefaults.SAVE_LIMIT;
    private boolean resume;
    private ChatTemplate chatTemplate;
    private String chatTemplateName;
    private int maxSkippedSteps = FineTuneDefaults.MAX_SKIPPED_STEPS;
    private long seed = FineTuneDefaults.SEED;
    private Provenance repeats;

    private Builder() {}

    /**
     * The model to start from.
     *
     * @param source a Hugging Face checkpoint, in a folder or on a hub
     * @return this builder
     */
    public Builder model(ModelSource source) {
      model = source;
      return this;
    }

    /**
     * What the model is trained for; default {@link Task#nextTokens}. A task with labels reads the
     * data once in {@link #build} to find them, unless it states them.
     *
     * @param purpose the task
     * @return this builder
     */
    public Builder task(Task purpose) {
      task = purpose;
      return this;
    }

    /**
     * What decides which checkpoint is the best, and when early stopping ends the run: {@code loss}
     * (the default), or a metric that the task measures, such as {@code accuracy}.
     *
     * @param metric its name
     * @return this builder
     */
    public Builder bestBy(String metric) {
      bestBy = metric;
      return this;
    }

    /**
     * Data to train on, without validation.
     *
     * @param data the rows
     * @return this builder
     */
    public Builder dataset(Dataset data) {
      train = data;
      validation = null;
      return this;
    }

    /**
     * Data to train on and to validate with; the test part is left alone.
     *
     * @param split the parts
     * @return this builder
     */
    public Builder dataset(Split split) {
      train = split.train();
      validation = split.validation().size() == 0 ? null : split.validation();
      return this;
    }

    /**
     * How the model is adapted.
     *
     * @param fineTuningMethod full fine-tuning or an adapter
     * @return this builder
     * @throws io.adapt4j.core.exception.ConfigException if no module on the class path brings such
     *     a method
     */
    public Builder method(FineTuningMethod fineTuningMethod) {
      method = fineTuningMethod == null ? null : Methods.of(fineTuningMethod);
      return this;
    }

    /**
     * The folder for checkpoints: {@code last}, {@code best} with {@link #keepBest}, and {@code
     * checkpoint-STEP} with {@link #keepLast}.
     *
     * @param folder created if absent
     * @return this builder
     */
    public Builder output(Path folder) {
      output = folder;
      return this;
    }

    /**
     * Lets the run replace the checkpoints of an earlier one in its output folder.
     *
     * @return this builder
     */
    public Builder overwriteOutput() {
      overwrite = true;
      return this;
    }

    /**
     * Goes on where an earlier run with the same description and output folder was cut off, from
     * the newest intact state it saved; without one it starts from the beginning. The losses and
     * the result are those of an uninterrupted run, to the bit on the same machine.
     *
     * @return this builder
     */
    public Builder resume() {
      resume = true;
      return this;
    }

    /**
     * How often the state to resume from is saved; default: with each evaluation. A state holds the
     * trained values and the optimizer's moments in fp32, 12 bytes a trained value.
     *
     * @param interval by steps, epochs or time
     * @return this builder
     */
    public Builder saveEvery(Interval interval) {
      saveEvery = interval;
      return this;
    }

    /**
     * How many of the newest states stay on disk; default 2, so that one is left should the newest
     * be damaged.
     *
     * @param states at least 0; 0 saves none
     * @return this builder
     */
    public Builder saveLimit(int states) {
      saveLimit = states;
      return this;
    }

    /**
     * Passes over the training data; default 3, but 1 over pairs, preferences and prompts .
     *
     * @param passes at least 1
     * @return this builder
     */
    public Builder epochs(int passes) {
      epochs = passes;
      return this;
    }

    /**
     * Ends the run early; the learning-rate schedule spans this many steps. Default: no limit.
     *
     * @param steps optimizer steps, at least 1
     * @return this builder
     */
    public Builder maxSteps(int steps) {
      maxSteps = steps < 1 ? -1 : steps;
      return this;
    }

    /**
     * Examples a micro-batch; default 8, 16 for classification, 32 for embeddings .
     *
     * @param examples at least 1
     * @return this builder
     */
    public Builder batchSize(int examples) {
      batchSize = examples;
      return this;
    }

    /**
     * Micro-batches whose gradients make one step; default 1.
     *
     * @param microBatches at least 1
     * @return this builder
     */
    public Builder gradientAccumulation(int microBatches) {
      accumulation = microBatches;
      return this;
    }

    /**
     * Longest example in tokens; default the model's context length, at most 1024.
     *
     * @param tokens at least 2, at most the model's context length
     * @return this builder
     */
    public Builder maxLength(int tokens) {
      maxLength = tokens;
      return this;
    }

    /**
     * What happens to longer examples; default they are cut on the right and counted in the plan.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder overflow(Overflow policy) {
      overflow = policy;
      return this;
    }

    /**
     * Says whether several samples share a row of up to maxLength tokens; default off. Each is seen
     * as if it had a row of its own, and nothing is filled up, which for short samples saves most
     * of the time. {@link #batchSize} then counts such rows: choose it smaller, to keep the number
     * of samples a step.
     *
     * @param on whether to pack
     * @return this builder
     */
    public Builder packing(boolean on) {
      tokens.packing(on);
      return this;
    }

    /**
     * Puts samples of similar lengths into a batch, so that less is filled up; default off. For the
     * task of next tokens only, and not together with {@link #packing}.
     *
     * @return this builder
     */
    public Builder groupByLength() {
      tokens.groupByLength();
      return this;
    }

    /**
     * Which tokens are trained on; default {@link LossOn#COMPLETION}.
     *
     * @param which completions, the assistant's last message, or all
     * @return this builder
     */
    public Builder lossOn(LossOn which) {
      tokens.lossOn(which);
      return this;
    }

    /**
     * The chat template that conversations are trained in, in place of the one that the model's
     * folder has or, as is usual for base models, lacks. It is saved with the result, and {@link
     * LanguageModel} answers in it.
     *
     * <p>A template does not add tokens to the vocabulary: a sign such as {@code <|im_start|>} that
     * the tokenizer does not know is learned as the several tokens that spell it. {@link
     * FineTuner#plan} says how many.
     *
     * @param nameOrPath a name such as {@code chatml} or {@code llama3} ({@link
     *     ChatTemplate#builtInNames}), a file in Jinja, or the folder of a model that has one
     * @return this builder
     */
    public Builder chatTemplate(String nameOrPath) {
      chatTemplateName = nameOrPath;
      chatTemplate = null;
      return this;
    }

    /**
     * The chat template that conversations are trained in, otherwise as {@link
     * #chatTemplate(String)}.
     *
     * @param template the template; one without special tokens gets the model's
     * @return this builder
     */
    public Builder chatTemplate(ChatTemplate template) {
      chatTemplate = template;
      chatTemplateName = null;
      return this;
    }

    /**
     * Tokens that each part of a row split by {@link Overflow#SPLIT} has of the part before it, as
     * context that is not learned again; default 1.
     *
     * @param count from 1 to maxLength - 2
     * @return this builder
     */
    public Builder overlap(int count) {
      tokens.overlap(count);
      return this;
    }

    /**
     * Base learning rate. The default depends on the method and the task : for next tokens 2e-4
     * with LoRA and 2e-5 in full, for preferences 5e-6 with LoRA; {@link FineTuner#plan} shows it.
     * A rate outside what is usual is questioned ({@link FineTuner#questions}), not refused.
     *
     * @param rate above 0
     * @return this builder
     */
    public Builder learningRate(double rate) {
      learningRate = rate;
      return this;
    }

    /**
     * How gradients become steps; default AdamW.
     *
     * @param algorithm with its options
     * @return this builder
     */
    public Builder optimizer(Optimizer algorithm) {
      optimizer = algorithm;
      return this;
    }

    /**
     * Gives some values a learning rate of their own; any number may be added, and the first that
     * fits a name counts. LoRA+ (Hayou et al. 2024) is {@code ("lora_B", 16)}, or {@code
     * Lora.plus(16)}.
     *
     * @param names a regular expression found in the values' names
     * @param factor multiplies the learning rate; 0 keeps them as they are
     * @return this builder
     * @throws IllegalArgumentException if the expression is malformed or the factor negative
     */
    public Builder learningRateFactor(String names, double factor) {
      rates.add(new LearningRateFactor(names, factor));
      return this;
    }

    /**
     * Shape of the learning rate over the run; default linear to 0.
     *
     * @param shape the schedule
     * @return this builder
     */
    public Builder schedule(LearningRateSchedule shape) {
      schedule = shape;
      return this;
    }

    /**
     * Share of the steps in which the rate rises from 0; default 0.03, or 0.1 for embeddings,
     * preferences and reinforcement. Not together with {@link #warmupSteps}.
     *
     * @param share from 0 to 1
     * @return this builder
     */
    public Builder warmupRatio(double share) {
      warmupRatio = share;
      return this;
    }

    /**
     * Steps in which the rate rises from 0. Not together with {@link #warmupRatio}.
     *
     * @param steps at least 0
     * @return this builder
     */
    public Builder warmupSteps(int steps) {
      warmupSteps = steps;
      return this;
    }

    /**
     * AdamW's decoupled weight decay, not applied to biases and norms; default 0.01.
     *
     * @param decay at least 0
     * @return this builder
     */
    public Builder weightDecay(double decay) {
      weightDecay = decay;
      return this;
    }

    /**
     * Gradients of a larger norm are scaled down to it; default 1, 0 for no limit.
     *
     * @param norm at least 0
     * @return this builder
     */
    public Builder maxGradientNorm(double norm) {
      maxGradientNorm = norm;
      return this;
    }

    /**
     * When to evaluate on the validation data and save a checkpoint; default each epoch.
     *
     * @param interval by steps or epochs
     * @return this builder
     */
    public Builder evaluateEvery(Interval interval) {
      evaluateEvery = interval;
      return this;
    }

    /**
     * Keeps the best checkpoint beside the last: that of the lowest validation loss, unless {@link
     * #bestBy} says otherwise. Needs validation data.
     *
     * @return this builder
     */
    public Builder keepBest() {
      keepBest = true;
      return this;
    }

    /**
     * Keeps the newest checkpoints in folders {@code checkpoint-STEP} of their own, beside {@code
     * last} and {@code best}; default none.
     *
     * @param checkpoints how many stay, at least 0
     * @return this builder
     */
    public Builder keepLast(int checkpoints) {
      numberedCheckpoints = checkpoints;
      return this;
    }

    /**
     * Ends the run when the validation loss has not fallen for some evaluations in a row. Needs
     * validation data.
     *
     * @param evaluations at least 1
     * @return this builder
     */
    public Builder earlyStopping(int evaluations) {
      patience = evaluations;
      return this;
    }

    /**
     * Adds noise to the token embeddings while training (NEFTune, Jain et al. 2023); default none.
     *
     * @param alpha the paper's alpha, which tries 5, 10 and 15; 0 for none
     * @return this builder
     */
    public Builder neftune(double alpha) {
      neftune = alpha;
      return this;
    }

    /**
     * Recomputes each layer in the backward pass instead of keeping its intermediates: less memory,
     * about a third more time. Default off, but on where the method says so, as QLoRA does.
     *
     * @param on whether to recompute
     * @return this builder
     */
    public Builder gradientCheckpointing(boolean on) {
      gradientCheckpointing = on;
      return this;
    }

    /**
     * The compute type. Trained values and the optimizer's state are fp32 in any case.
     *
     * @param type default {@link Precision#AUTO}
     * @return this builder
     */
    public Builder precision(Precision type) {
      precision = type;
      return this;
    }

    /**
     * Steps in a row whose loss or gradient may be NaN or infinite (they are skipped and reported)
     * before the run ends with an error; default 5.
     *
     * @param steps at least 0
     * @return this builder
     */
    public Builder maxSkippedSteps(int steps) {
      maxSkippedSteps = steps;
      return this;
    }

    /**
     * Decides initial adapter values, the order of examples and dropout; default 42.
     *
     * @param value any
     * @return this builder
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Keeps the model close to what it was while it trains; any number may be added. The training
     * loss is reported without it.
     *
     * @param term EWC, L2 towards the base, or KL to the base on replay data
     * @return this builder
     */
    public Builder regularise(Regularisation term) {
      regularisations.add(term);
      return this;
    }

    /**
     * Mixes examples of what is not to be forgotten into the training data, as {@link
     * Datasets#replay} does with this builder's seed.
     *
     * @param data the examples
     * @param share of all rows of an epoch, above 0 and below 1; 0.05 to 0.5 are usual
     * @return this builder
     */
    public Builder replay(Dataset data, double share) {
      replay = data;
      replayShare = share;
      return this;
    }

    /**
     * Adds a listener; any number may be added.
     *
     * @param listener told of steps, evaluations, checkpoints and warnings
     * @return this builder
     */
    public Builder listener(TrainingListener listener) {
      listeners.add(listener);
      return this;
    }

    /** The record that the run's data and template must agree with. */
    Builder repeats(Provenance record) {
      repeats = record;
      return this;
    }

    /**
     * Checks everything together. A model on a hub is downloaded for it, once everything that can
     * be checked without it is right.
     *
     * @return a tuner ready to run
     * @throws FineTuneException naming every problem found: values out of range, a folder that is
     *     no model, weights that do not fit their configuration, targets that match nothing, an
     *     output that holds another run
     */
    public FineTuner build() {
      FineTuneChecks checks = new FineTuneChecks();
      TrainingDefaults defaults = defaults();
      checkValues(checks, defaults);
      checkOutput(checks);
      Optional<TaskModel> found =
          checks.model(
              model, method, task, folder -> TaskModel.of(task, folder, weightFormat(), train));
      Optional<Network> declared = found.map(TaskModel::declare);
      int contextLength = declared.map(Network::contextLength).orElse(0);
      if (maxLength != null) {
        checks.require(
            contextLength == 0 || maxLength <= contextLength,
            "maxLength is " + maxLength + ", but the model's context length is " + contextLength);
      }
      Optional<ChatTemplate> template = checks.chatTemplate(chatTemplate, chatTemplateName, model);
      checks.conversations(train, template, model);
      checks.finish();
      RunFigures.Collector figures = new RunFigures.Collector();
      Objective objective = new Objective(task, new Selection(bestBy), found.orElseThrow());
      RunChoices choices =
          new RunChoices(defaults, stated(), questions(defaults, declared.orElseThrow()));
      choices.questions().forEach(LOG::warn);
      return new FineTuner(
          settings(contextLength, objective, template, choices, watched(figures)), figures);
    }

    /** What holds for this method and task where nothing is said. */
    private TrainingDefaults defaults() {
      TaskKind kind = task == null ? TaskKind.NEXT_TOKENS : task.kind();
      TrainingDefaults ofMethod =
          method == null ? TrainingDefaults.fullFineTuning(kind) : method.defaults(kind);
      double factor = optimizer == null ? 1 : optimizer.usualRateFactor().orElse(1);
      return factor == 1
          ? ofMethod
          : ofMethod.scaledRates(ofMethod.method() + " by " + optimizer, factor);
    }

    private int epochs(TrainingDefaults defaults) {
      return epochs == null ? defaults.epochs() : epochs;
    }

    private int batchSize(TrainingDefaults defaults) {
      return batchSize == null ? defaults.batchSize() : batchSize;
    }

    private double learningRate(TrainingDefaults defaults) {
      return learningRate == null ? defaults.learningRate() : learningRate;
    }

    /** Those of the options with defaults by method and task that were stated. */
    private Set<String> stated() {
      Set<String> stated = new HashSet<>();
      if (epochs != null) {
        stated.add("epochs");
      }
      if (batchSize != null) {
        stated.add("batchSize");
      }
      if (learningRate != null) {
        stated.add("learningRate");
      }
      if (warmupRatio != null || warmupSteps != null) {
        stated.add("warmup");
      }
      return stated;
    }

    private List<String> questions(TrainingDefaults defaults, Network declared) {
      List<String> questions = new ArrayList<>();
      if (optimizer.usualRateFactor().isPresent()) {
        defaults.question(learningRate(defaults)).ifPresent(questions::add);
      }
      questions.addAll(method.questions(declared));
      return List.copyOf(questions);
    }

    private WeightFormat weightFormat() {
      return method == null ? WeightFormat.asStored() : method.weightFormat();
    }

    private void checkValues(FineTuneChecks checks, TrainingDefaults defaults) {
      checks.device();
      checks.require(method != null, "no method: give Lora.rank(...) or FullFineTuning.create()");
      checks.dataset("training", train);
      if (validation == null) {
        checks.require(
            !keepBest, "keepBest needs validation data: give a Split with a validation part");
        checks.require(
            patience == null,
            "earlyStopping needs validation data: give a Split with a validation part");
      }
      checks.atLeast("epochs", epochs(defaults), 1);
      checks.require(maxSteps >= 0, "maxSteps must be at least 1");
      checks.atLeast("batchSize", batchSize(defaults), 1);
      checks.atLeast("gradientAccumulation", accumulation, 1);
      checks.atLeast("maxSkippedSteps", maxSkippedSteps, 0);
      checks.atLeast("saveLimit", saveLimit, 0);
      if (maxLength != null) {
        checks.atLeast("maxLength", maxLength, 2);
      }
      checks.require(
          learningRate == null || (learningRate > 0 && Double.isFinite(learningRate)),
          "learningRate must be above 0, found " + learningRate);
      checks.notNegative("weightDecay", weightDecay);
      checks.notNegative("maxGradientNorm", maxGradientNorm);
      checks.notNegative("neftune", neftune);
      checks.require(
          warmupRatio == null || (warmupRatio >= 0 && warmupRatio <= 1),
          "warmupRatio must be from 0 to 1, found " + warmupRatio);
      checks.require(
          warmupSteps == null || warmupSteps >= 0,
          "warmupSteps must be at least 0, found " + warmupSteps);
      checks.require(
          warmupRatio == null || warmupSteps == null,
          "warmupRatio and warmupSteps are both set; give one of them");
      checks.require(
          patience == null || patience >= 1,
          "earlyStopping must allow at least 1 evaluation, found " + patience);
      checks.task(task, bestBy, overflow);
      checks.preferences(task, method, batchSize(defaults));
      checks.rollouts(task, batchSize(defaults), accumulation, neftune);
      checks.onlyForNextTokens(task, "regularise", !regularisations.isEmpty());
      checks.onlyForNextTokens(
          task, "packing, groupByLength, lossOn or overlap", tokens.concernsGeneration());
      checks.notNull("schedule", schedule);
      checks.notNull("optimizer", optimizer);
      checks.notNull("overflow", overflow);
      tokens.check(checks, overflow, maxLength);
      checks.notNull("precision", precision);
      checks.require(
          precision != Precision.FP16,
          "precision FP16 is for running models; train in BF16 or FP32");
      checks.notNull("evaluateEvery", evaluateEvery);
      checks.require(
          evaluateEvery == null || !evaluateEvery.isTime(),
          "evaluateEvery must be by steps or epochs, as its results must not depend on the"
              + " machine's speed; saveEvery may be by time");
      checks.atLeast("keepLast", numberedCheckpoints, 0);
      checks.require(!listeners.contains(null), "a listener is null");
      checks.require(!regularisations.contains(null), "a regularisation is null");
      if (replay != null) {
        checks.dataset("replay", replay);
        checks.require(
            replayShare > 0 && replayShare < 1,
            "the share of replay must be above 0 and below 1, found " + replayShare);
      }
    }

    private void checkOutput(FineTuneChecks checks) {
      checks.require(output != null, "no output: give the folder for checkpoints");
      if (output != null) {
        checks.output(output, overwrite || resume);
        checks.require(!overwrite || !resume, "overwriteOutput and resume exclude each other");
      }
    }

    private FineTuneSettings settings(
        int contextLength,
        Objective objective,
        Optional<ChatTemplate> template,
        RunChoices choices,
        TrainingListener watched) {
      TrainingDefaults defaults = choices.defaults();
      Interval saving = saveEvery != null ? saveEvery : evaluateEvery;
      TrainingOptions training =
          new TrainingOptions(
              epochs(defaults),
              maxSteps,
              accumulation,
              learningRate(defaults),
              schedule,
              warmup(defaults),
              new TrainingStep.Settings(
                  optimizer, weightDecay, maxGradientNorm, recomputesLayers(), allRates()),
              evaluateEvery.steps(),
              keepBest,
              Optional.ofNullable(patience).map(EarlyStopping::withPatience),
              maxSkippedSteps,
              seed,
              new StateOptions(saving.steps(), saving.time(), saveLimit, resume, Map.of()));
      return new FineTuneSettings(
          model,
          replay == null ? train : Datasets.replay(train, replay, replayShare, seed),
          Optional.ofNullable(validation),
          neftune > 0 ? Neftune.of(method, neftune) : method,
          output,
          batchSize(defaults),
          Optional.ofNullable(maxLength),
          contextLength,
          overflow,
          tokens.build(),
          template,
          precision,
          training,
          seed,
          objective,
          List.of(watched),
          List.copyOf(regularisations),
          numberedCheckpoints,
          Optional.ofNullable(repeats),
          choices);
    }

    private boolean recomputesLayers() {
      return gradientCheckpointing == null ? method.recomputesLayers() : gradientCheckpointing;
    }

    private List<LearningRateFactor> allRates() {
      return Stream.concat(rates.stream(), method.rateFactors().stream()).toList();
    }

    /** The listeners and one more, told of warnings too. */
    private TrainingListener watched(TrainingListener more) {
      List<TrainingListener> all = new ArrayList<>(listeners);
      all.add(more);
      return task instanceof Task.Reinforced
          ? EarlyWarnings.ofRewards(all)
          : EarlyWarnings.before(all);
    }

    private Warmup warmup(TrainingDefaults defaults) {
      return warmupSteps != null
          ? Warmup.ofSteps(warmupSteps)
          : Warmup.ofRatio(warmupRatio != null ? warmupRatio : defaults.warmupRatio());
    }
  }
}
