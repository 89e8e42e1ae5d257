package io.adapt4j.core.finetune;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.MaskedRowKeys;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.TemplateChoice;
import io.adapt4j.core.internal.task.RunAssembly;
import io.adapt4j.core.internal.task.RunRepeat;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.internal.task.TaskRunner;
import io.adapt4j.core.internal.task.WorkerRun;
import io.adapt4j.core.internal.train.LearningRateRangeTest;
import io.adapt4j.core.internal.train.RunMetrics;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
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
 *     .listener(TrainingListeners.console())
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
  private final RunMetrics.Collector metrics;
  private final AtomicBoolean stopRequested = new AtomicBoolean();
  private final AtomicBoolean started = new AtomicBoolean();

  private FineTuner(FineTuneSettings settings, RunMetrics.Collector metrics) {
    this.settings = settings;
    this.metrics = metrics;
  }

  /** {@return a builder with every option at its default} */
  public static Builder builder() {
    return builder(new Draft());
  }

  static Builder builder(Draft draft) {
    return new Builder(draft);
  }

  /**
   * Describes the run of a provenance record, to repeat it. The model, the tokenizer and the data
   * files are compared with their hashes now; the encoded data and the chat template when the run
   * starts. On the same machine with the same versions the losses and weights are the same.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @return a builder with everything set; its output folder is next to the recorded one, with
   *     {@code -repeat} after its name
   * @throws SettingsException naming everything that has changed or cannot be recreated
   * @throws io.adapt4j.core.exception.CheckpointException if there is no record, or it is damaged
   */
  public static Builder repeat(Path record) {
    return builder(RunRepeat.of(record));
  }

  /**
   * Describes the run of a provenance record, with data that the record cannot recreate, such as
   * rows in memory; otherwise as {@link #repeat(Path)}.
   *
   * @param data the same training and validation data; compared by its encoded samples when the run
   *     starts
   * @return a builder with everything set
   * @throws SettingsException naming everything that has changed
   */
  public static Builder repeat(Path record, Split data) {
    return builder(RunRepeat.of(record, data));
  }

  /**
   * Describes the run of a provenance record that had no validation data; otherwise as {@link
   * #repeat(Path, Split)}.
   *
   * @param data the same training data; compared by its encoded samples when the run starts
   * @return a builder with everything set
   * @throws SettingsException naming everything that has changed
   */
  public static Builder repeat(Path record, Dataset data) {
    return builder(RunRepeat.of(record, data));
  }

  /**
   * Describes this run without its listeners, to run it elsewhere.
   *
   * @return all settings that were given, with absolute paths
   * @throws SettingsException naming what cannot be described: data in memory, custom code
   */
  public RunDescription description() {
    return RunDescription.of(WorkerRun.describe(settings));
  }

  FineTuneSettings settings() {
    return settings;
  }

  /**
   * Reports settings of this run that are unusual but no reason to refuse it, such as a learning
   * rate outside the usual range for the method and the task, or a rank that no projection can use.
   * {@link Builder#build} logs the same, and {@link #plan} and the report show it.
   *
   * @return the unusual settings, one text each: the setting, why it matters and what to do; empty
   *     if there are none
   */
  public List<String> questions() {
    return settings.choices().questions();
  }

  /**
   * Works out what {@link #run} will do and how much memory it will take on the {@linkplain
   * Device#current current device}: the GPU with {@code adapt4j.device=cuda}, else this machine.
   * Tokenizes the data; reads no weights.
   *
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   */
  public FineTunePlan plan() {
    return plan(Device.current());
  }

  /**
   * Works out what {@link #run} will do and how much memory it will take on a device.
   *
   * @param device device to plan for
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   */
  public FineTunePlan plan(Device device) {
    return TaskRunner.plan(settings, device, 0);
  }

  /**
   * Works out what {@link #run} will do, how much memory it will take on a device and how long it
   * will take. Steps are timed on this machine, whatever the device. The timed steps read the
   * weights but write nothing; their updates are discarded.
   *
   * @param timedSteps number of steps to time, at least 1
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if the number of steps is below 1
   */
  public FineTunePlan plan(Device device, int timedSteps) {
    if (timedSteps < 1) {
      throw new IllegalArgumentException("timed steps must be at least 1, found " + timedSteps);
    }
    return TaskRunner.plan(settings, device, timedSteps);
  }

  /**
   * Shows the first rows of the training data as the model will see them. Reads no weights.
   *
   * @param rows number of rows; all if there are fewer
   * @return their tokens, the trained ones marked
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the task is not next-token prediction
   */
  public Preview preview(int rows) {
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      ExampleEncoder encoder =
          TaskDefinitions.of(settings.objective().task())
              .encoder(settings, tokenizer)
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "preview shows tokens to be predicted next; this tuner has another"
                              + " task"));
      return Preview.of(settings.train(), encoder, rows);
    }
  }

  /**
   * Checks data with the tokenizer, the template and the length limit of this run if its task is
   * next-token prediction, otherwise without them. Reads no weights.
   *
   * @param checker the data and the checks
   * @return the findings
   */
  public DataReport checkData(DataChecker checker) {
    try (Tokenizer tokenizer = Tokenizer.load(settings.model().folder())) {
      return TaskDefinitions.of(settings.objective().task())
          .encoder(settings, tokenizer)
          .map(checker::encoder)
          .orElse(checker)
          .check();
    }
  }

  /**
   * Times some steps to estimate how long {@link #run} will take, as {@link #plan(Device, int)}.
   *
   * @param steps number of steps, at least 1
   * @return seconds per step, the estimated time of the whole run, and the memory used
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if the number of steps is below 1
   */
  public TimedSteps measure(int steps) {
    return plan(Device.current(), steps).timed().orElseThrow();
  }

  /**
   * Trains to the end and saves the result.
   *
   * @return results and checkpoints
   * @throws SettingsException if no row of the training data can be used
   * @throws io.adapt4j.core.train.TrainingException if the losses stay not finite
   * @throws IllegalStateException if this tuner has run before
   */
  public FineTuneReport run() {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("This FineTuner has run; build another for another run");
    }
    TaskRunner.Outcome outcome = TaskRunner.run(settings, stopRequested::get);
    return new FineTuneReport(outcome.plan(), outcome.result(), metrics.metrics());
  }

  /**
   * Runs a learning-rate range test: trains a few steps of this description at exponentially
   * growing rates (Smith 2017) on a separate model. Writes nothing and does not affect {@link
   * #run}.
   *
   * @return the losses and a suggestion
   * @throws SettingsException if no row of the training data can be used
   */
  public LearningRateCurve findLearningRate() {
    return TaskRunner.sweep(settings, LearningRateRangeTest.standard());
  }

  /**
   * Runs a learning-rate range test with other rates or more steps.
   *
   * @param from the first rate, above 0; default 1e-6
   * @param to the last rate, above the first; default 1
   * @param steps maximum number of steps, 10 to 500; default 100
   * @return the losses and a suggestion
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if a value is out of its range
   */
  public LearningRateCurve findLearningRate(double from, double to, int steps) {
    return TaskRunner.sweep(
        settings, LearningRateRangeTest.standard().rates(from, to).steps(steps));
  }

  /** Asks a running {@link #run} to end after the current step; it still evaluates and saves. */
  public void stop() {
    stopRequested.set(true);
  }

  /**
   * Builder of a fine-tuning. Required: {@link #model}, a dataset, {@link #method}, {@link
   * #output}. Values are checked together in {@link #build}.
   */
  public static final class Builder {

    /** Options set so far. */
    private final Draft draft;

    private Builder(Draft draft) {
      this.draft = draft;
    }

    private <T> Builder set(Option<T> option, T value) {
      draft.set(option, value);
      return this;
    }

    private <T> Builder add(Option<List<T>> option, T element) {
      draft.add(option, element);
      return this;
    }

    /**
     * Sets the metric for the best model, which also decides early stopping: {@code loss} (the
     * default), or a metric of the task, such as {@code accuracy}.
     */
    public Builder metricForBestModel(String metric) {
      return set(Options.METRIC_FOR_BEST_MODEL, metric);
    }

    /**
     * Generates answers to some validation rows at each evaluation and writes them to {@code
     * samples.jsonl} in the output folder, with the expected answers; default 3. For next-token
     * prediction on rows with a prompt and a completion that ends. The report warns if none of the
     * last answers ended.
     *
     * @param rows number of rows; 0 for none
     */
    public Builder evaluationSamples(int rows) {
      return set(Options.EVALUATION_SAMPLES, rows);
    }

    /**
     * Sets how often the state to resume from is saved; default: with each evaluation. A state
     * holds the trainable parameters and the optimizer's moments in fp32, 12 bytes per parameter.
     */
    public Builder saveEvery(Interval interval) {
      return set(Options.SAVE_EVERY, interval);
    }

    /**
     * Sets how many of the newest states are kept; default 2, so that one is left if the newest is
     * damaged.
     */
    public Builder saveLimit(int states) {
      return set(Options.SAVE_LIMIT, states);
    }

    /**
     * Sets the number of passes over the training data; default 3, but 1 for pairs, preferences and
     * prompts.
     */
    public Builder epochs(int passes) {
      return set(Options.EPOCHS, passes);
    }

    /**
     * Limits the number of steps; the learning-rate schedule spans this many. Default: no limit.
     */
    public Builder maxSteps(int steps) {
      return set(Options.MAX_STEPS, steps);
    }

    /** Sets the examples per micro-batch; default 8, 16 for classification, 32 for embeddings. */
    public Builder batchSize(int examples) {
      return set(Options.BATCH_SIZE, examples);
    }

    /** Sets the number of micro-batches whose gradients are accumulated for a step; default 1. */
    public Builder gradientAccumulation(int microBatches) {
      return set(Options.GRADIENT_ACCUMULATION, microBatches);
    }

    /**
     * Sets the base learning rate. The default depends on the method and the task: for next-token
     * prediction 2e-4 with LoRA and 2e-5 in full, for preferences 5e-6 with LoRA; {@link
     * FineTuner#plan} shows it. An unusual rate is questioned ({@link FineTuner#questions}), not
     * refused.
     */
    public Builder learningRate(double rate) {
      return set(Options.LEARNING_RATE, rate);
    }

    /** Sets the optimizer; default AdamW. */
    public Builder optimizer(Optimizer algorithm) {
      return set(Options.OPTIMIZER, algorithm);
    }

    /**
     * Scales the learning rate of some parameters. May be called repeatedly; the first expression
     * that matches a name counts. LoRA+ (Hayou et al. 2024) is {@code ("lora_B", 16)}, or {@code
     * Lora.plus(16)}.
     */
    public Builder learningRateFactor(String names, double factor) {
      Objects.requireNonNull(names, "names");
      Options.addRateFactor(draft, names, factor);
      return this;
    }

    /** Sets the learning-rate schedule; default linear decay to 0. */
    public Builder schedule(LearningRateSchedule shape) {
      return set(Options.SCHEDULE, shape);
    }

    /**
     * Sets the warmup as a share of the steps; default 0.03, or 0.1 for embeddings, preferences and
     * reinforcement learning. Not together with {@link #warmupSteps}.
     */
    public Builder warmupRatio(double share) {
      return set(Options.WARMUP_RATIO, share);
    }

    /** Sets the warmup steps. Not together with {@link #warmupRatio}. */
    public Builder warmupSteps(int steps) {
      return set(Options.WARMUP_STEPS, steps);
    }

    /** Sets AdamW's decoupled weight decay, not applied to biases and norms; default 0.01. */
    public Builder weightDecay(double decay) {
      return set(Options.WEIGHT_DECAY, decay);
    }

    /** Sets the maximum gradient norm for clipping; default 1, 0 disables clipping. */
    public Builder maxGradientNorm(double norm) {
      return set(Options.MAX_GRADIENT_NORM, norm);
    }

    /** Sets when to evaluate on the validation data and save a checkpoint; default each epoch. */
    public Builder evaluateEvery(Interval interval) {
      return set(Options.EVALUATE_EVERY, interval);
    }

    /**
     * Keeps the best checkpoint in addition to the last: that of the lowest validation loss, unless
     * {@link #metricForBestModel} says otherwise. Needs validation data.
     */
    public Builder keepBest() {
      return set(Options.KEEP_BEST, true);
    }

    /**
     * Keeps the newest checkpoints in separate folders {@code checkpoint-STEP}, in addition to
     * {@code last} and {@code best}; default none.
     */
    public Builder keepLast(int checkpoints) {
      return set(Options.KEEP_LAST, checkpoints);
    }

    /**
     * Stops early when the validation loss has not improved for some evaluations in a row. Needs
     * validation data.
     */
    public Builder earlyStopping(int evaluations) {
      return set(Options.EARLY_STOPPING, evaluations);
    }

    /**
     * Adds noise to the token embeddings while training (NEFTune, Jain et al. 2023); default none.
     *
     * @param alpha the paper's alpha, for which it tries 5, 10 and 15; 0 for none
     */
    public Builder neftune(double alpha) {
      return set(Options.NEFTUNE, alpha);
    }

    /**
     * Enables the dropout that the model's configuration states, such as {@code attention_dropout},
     * or that its class has by default in Transformers. It depends on the seed. Default on, but off
     * for preferences, rewards and reinforcement learning, as in TRL, where the same text must
     * score the same twice. An adapter's own dropout is an option of its method.
     */
    public Builder modelDropout(boolean on) {
      return set(Options.MODEL_DROPOUT, on);
    }

    /**
     * Initializes a new classifier with a linear fit to the vectors that the model gives before
     * training, instead of randomly. Default on for classification and regression if the checkpoint
     * has no classifier for the task; no effect elsewhere. The evaluation before training then
     * measures the frozen baseline.
     */
    public Builder headWarmStart(boolean on) {
      return set(Options.HEAD_WARM_START, on);
    }

    /**
     * Recomputes the activations of each layer in the backward pass instead of keeping them: less
     * memory, about a third more time. Default off, unless the method enables it, as QLoRA does.
     */
    public Builder gradientCheckpointing(boolean on) {
      return set(Options.GRADIENT_CHECKPOINTING, on);
    }

    /** Sets the compute type. Trainable parameters and the optimizer's state are always fp32. */
    public Builder precision(Precision type) {
      return set(Options.PRECISION, type);
    }

    /**
     * Sets how many steps in a row may have a NaN or infinite loss or gradient (they are skipped
     * and reported) before the run fails; default 5.
     */
    public Builder maxSkippedSteps(int steps) {
      return set(Options.MAX_SKIPPED_STEPS, steps);
    }

    /** Sets the seed of initial adapter weights, the order of examples and dropout; default 42. */
    public Builder seed(long value) {
      return set(Options.SEED, value);
    }

    /**
     * Adds a regularization term that keeps the model close to its base; may be called repeatedly.
     * The reported training loss excludes it.
     */
    public Builder regularize(Regularization term) {
      return add(Options.REGULARIZE, term);
    }

    /**
     * Mixes examples of what must not be forgotten into the training data, as {@link
     * Datasets#replay} does with this builder's seed.
     */
    public Builder replay(Dataset data, double share) {
      Options.setReplay(draft, data, share);
      return this;
    }

    /**
     * Masks training rows, so that nothing is learned from them: they keep their places and
     * lengths, but their tokens are padding without loss. For deleting rows from a trained model;
     * only for next-token prediction.
     *
     * @param rows the rows; default none
     */
    public Builder maskedRows(List<MaskedRow> rows) {
      MaskedRowKeys.set(draft, rows);
      return this;
    }

    /** Adds a listener; may be called repeatedly. */
    public Builder listener(TrainingListener listener) {
      return add(Options.LISTENERS, listener);
    }

    /** {@return a listener that notifies all added listeners, for running this elsewhere} */
    public TrainingListener listeners() {
      return TrainingListener.all(draft.get(Options.LISTENERS));
    }

    /** {@return the folder for checkpoints; empty before it is given} */
    public Optional<Path> output() {
      return Optional.ofNullable(draft.get(Options.OUTPUT));
    }

    /**
     * Sets the model to start from.
     *
     * @param source a Hugging Face checkpoint, in a folder or on a hub
     */
    public Builder model(ModelSource source) {
      return set(Options.MODEL, source);
    }

    /**
     * Sets the training task; default {@link Task#nextTokens}. A task with labels reads the data
     * once in {@link #build} to find them, unless it states them.
     *
     * @param purpose the task
     */
    public Builder task(Task purpose) {
      return set(TaskDefinitions.TASK, purpose);
    }

    /**
     * Sets the training data, without validation data.
     *
     * @param data the rows
     */
    public Builder dataset(Dataset data) {
      draft.set(Options.VALIDATION, null);
      return set(Options.DATA, data);
    }

    /**
     * Sets training and validation data; the test part is not used.
     *
     * @param split the parts
     */
    public Builder dataset(Split split) {
      Options.setData(draft, split);
      return this;
    }

    /**
     * Sets the fine-tuning method.
     *
     * @param fineTuningMethod full fine-tuning or an adapter
     * @throws io.adapt4j.core.exception.CheckpointException if no module on the class path brings
     *     such a method
     */
    public Builder method(FineTuningMethod fineTuningMethod) {
      return set(Options.METHOD, fineTuningMethod);
    }

    /**
     * Sets the folder for checkpoints: {@code last}, {@code best} with {@link #keepBest}, and
     * {@code checkpoint-STEP} with {@link #keepLast}.
     *
     * @param folder created if absent
     */
    public Builder output(Path folder) {
      return set(Options.OUTPUT, folder);
    }

    /** Allows the run to overwrite the checkpoints of an earlier run in its output folder. */
    public Builder overwriteOutput() {
      return set(Options.OVERWRITE_OUTPUT, true);
    }

    /**
     * Resumes an interrupted run with the same description and output folder from its newest intact
     * state; a folder without a state is refused. The losses and the result are bit-identical to
     * those of an uninterrupted run on the same machine.
     */
    public Builder resume() {
      return set(Options.RESUME, true);
    }

    /**
     * Sets the maximum example length in tokens; default the context length, at most 1024.
     *
     * @param tokens at least 2, at most the model's context length
     */
    public Builder maxLength(int tokens) {
      return set(Options.MAX_LENGTH, tokens);
    }

    /**
     * Sets the handling of longer examples; default truncation on the right, counted in the plan.
     *
     * @param policy the policy
     */
    public Builder overflow(Overflow policy) {
      return set(Options.OVERFLOW, policy);
    }

    /**
     * Enables packing: several samples share a row of up to maxLength tokens; default off. Each is
     * attended to as if it had its own row, and nothing is padded, which for short samples saves
     * most of the time. {@link #batchSize} then counts packed rows: choose it smaller to keep the
     * number of samples a step.
     *
     * @param on whether to pack
     */
    public Builder packing(boolean on) {
      return set(Options.PACKING, on);
    }

    /**
     * Groups samples of similar length into batches to reduce padding; default off. Only for
     * next-token prediction, and not together with {@link #packing}.
     */
    public Builder groupByLength() {
      return set(Options.GROUP_BY_LENGTH, true);
    }

    /**
     * Sets the tokens that contribute to the loss; default {@link LossOn#COMPLETION}.
     *
     * @param which completions, the assistant's last message, or all
     */
    public Builder lossOn(LossOn which) {
      return set(Options.LOSS_ON, which);
    }

    /**
     * Sets the chat template for conversations, overriding the template of the model's folder,
     * which most base models lack. It is saved with the result, and {@link LanguageModel} answers
     * in it.
     *
     * <p>A template does not add tokens to the vocabulary: a marker such as {@code <|im_start|>}
     * that the tokenizer does not know is learned as the several tokens that spell it. {@link
     * FineTuner#plan} reports how many.
     *
     * @param nameOrPath a name such as {@code chatml} or {@code llama3} ({@link
     *     ChatTemplate#builtInNames}), a Jinja file, or the folder of a model that has a template
     */
    public Builder chatTemplate(String nameOrPath) {
      draft.set(
          Options.CHAT_TEMPLATE, nameOrPath == null ? null : TemplateChoice.named(nameOrPath));
      return this;
    }

    /**
     * Sets the chat template for conversations; otherwise as {@link #chatTemplate(String)}.
     *
     * @param template the template; without special tokens it gets the model's
     */
    public Builder chatTemplate(ChatTemplate template) {
      draft.set(Options.CHAT_TEMPLATE, template == null ? null : TemplateChoice.of(template));
      return this;
    }

    /**
     * Sets how many tokens the parts of a row split by {@link Overflow#SPLIT} overlap. The repeated
     * tokens are context and do not contribute to the loss; default 1.
     *
     * @param count from 1 to maxLength - 2
     */
    public Builder overlap(int count) {
      return set(Options.OVERLAP, count);
    }

    /**
     * Checks all settings together. A model on a hub is downloaded after all checks that do not
     * need it have passed.
     *
     * @return a tuner ready to run
     * @throws SettingsException naming every problem found: values out of range, a folder that is
     *     no model, weights that do not fit their configuration, targets that match nothing, an
     *     output that holds another run
     */
    public FineTuner build() {
      RunMetrics.Collector metrics = new RunMetrics.Collector();
      FineTuneSettings settings = RunAssembly.of(draft, metrics);
      settings.choices().questions().forEach(LOG::warn);
      return new FineTuner(settings, metrics);
    }
  }
}
