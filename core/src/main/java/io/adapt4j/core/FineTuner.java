package io.adapt4j.core;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
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
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import java.nio.file.Path;
import java.util.List;
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
   * Describes the run that a record tells of, to do it again. The model, the tokenizer and the data
   * files are compared with their hashes now; the encoded data and the chat template when the run
   * starts. On the same machine with the same versions the losses and weights are the same.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @return a builder with everything set; its output is a folder beside the recorded one, with
   *     {@code -repeat} after its name
   * @throws SettingsException naming everything that has changed or cannot be made again
   * @throws io.adapt4j.core.exception.CheckpointException if there is no record, or it is damaged
   */
  public static Builder repeat(Path record) {
    return builder(RunRepeat.of(record));
  }

  /**
   * Describes the run that a record tells of, with data that the record cannot make again, such as
   * rows in memory, otherwise as {@link #repeat(Path)}.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @param data the same training and validation data; compared by its encoded samples when the run
   *     starts
   * @return a builder with everything set
   * @throws SettingsException naming everything that has changed
   */
  public static Builder repeat(Path record, Split data) {
    return builder(RunRepeat.of(record, data));
  }

  /**
   * Describes the run that a record tells of and that had no validation data, otherwise as {@link
   * #repeat(Path, Split)}.
   *
   * @param record a {@code provenance.json}, or a folder of a run or checkpoint that has one
   * @param data the same training data; compared by its encoded samples when the run starts
   * @return a builder with everything set
   * @throws SettingsException naming everything that has changed
   */
  public static Builder repeat(Path record, Dataset data) {
    return builder(RunRepeat.of(record, data));
  }

  /**
   * Describes this run without its listeners, to be done elsewhere.
   *
   * @return everything stated, with absolute paths
   * @throws SettingsException naming what cannot be described: data in memory, code
   */
  public RunDescription description() {
    return RunDescription.of(WorkerRun.describe(settings));
  }

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
   * Works out what {@link #run} will do and what memory it will take {@linkplain Device#current
   * where tensors are made}: on the GPU with {@code adapt4j.device=cuda}, else on this machine.
   * Tokenizes the data; reads no weights.
   *
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   */
  public FineTunePlan plan() {
    return plan(Device.current());
  }

  /**
   * Works out what {@link #run} will do and what memory it will take on a device.
   *
   * @param device where the run is to take place
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   */
  public FineTunePlan plan(Device device) {
    return TaskRunner.plan(settings, device, 0);
  }

  /**
   * Works out what {@link #run} will do, what memory it will take on a device and how long it will
   * take. Steps are timed on this machine, whatever the device. They need the weights and write
   * nothing, and what they train is dropped.
   *
   * @param device where the run is to take place
   * @param timedSteps how many steps to perform and time, at least 1
   * @return the plan
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if no step is to be timed
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
   * @param rows how many; all if there are fewer
   * @return their tokens, the trained ones marked
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the task is not to predict next tokens
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
   * Checks data with the tokenizer, the template and the length limit of this run, where its task
   * is to predict next tokens; else without them. Reads no weights.
   *
   * @param checker the data, and what to look for
   * @return what was found
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
   * Performs some steps to see how long {@link #run} will take, as {@link #plan(Device, int)} does.
   *
   * @param steps how many, at least 1
   * @return seconds a step, the time of the whole run, and the memory that was used
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if there is nothing to time
   */
  public TimedSteps measure(int steps) {
    return plan(Device.current(), steps).timed().orElseThrow();
  }

  /**
   * Trains to the end and saves.
   *
   * @return how it went and where the checkpoints are
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
   * Looks for a learning rate: trains a few steps of this description at exponentially growing
   * rates (Smith 2017) on its own model. Writes nothing; {@link #run} is as it was.
   *
   * @return the losses and a suggestion
   * @throws SettingsException if no row of the training data can be used
   */
  public LearningRateCurve findLearningRate() {
    return TaskRunner.sweep(settings, LearningRateRangeTest.standard());
  }

  /**
   * Looks for a learning rate with other rates or more steps.
   *
   * @param from the first rate, above 0; 1e-6 by default
   * @param to the last rate, above the first; 1 by default
   * @param steps how many steps at most, 10 to 500; 100 by default
   * @return the losses and a suggestion
   * @throws SettingsException if no row of the training data can be used
   * @throws IllegalArgumentException if a value is out of its range
   */
  public LearningRateCurve findLearningRate(double from, double to, int steps) {
    return TaskRunner.sweep(
        settings, LearningRateRangeTest.standard().rates(from, to).steps(steps));
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
  public static final class Builder extends TrainingBuilder<Builder> {

    private Builder(Draft draft) {
      super(draft);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * The model to start from.
     *
     * @param source a Hugging Face checkpoint, in a folder or on a hub
     * @return this builder
     */
    public Builder model(ModelSource source) {
      return set(Options.MODEL, source);
    }

    /**
     * What the model is trained for; default {@link Task#nextTokens}. A task with labels reads the
     * data once in {@link #build} to find them, unless it states them.
     *
     * @param purpose the task
     * @return this builder
     */
    public Builder task(Task purpose) {
      return set(TaskDefinitions.TASK, purpose);
    }

    /**
     * Data to train on, without validation.
     *
     * @param data the rows
     * @return this builder
     */
    public Builder dataset(Dataset data) {
      draft.set(Options.VALIDATION, null);
      return set(Options.DATA, data);
    }

    /**
     * Data to train on and to validate with; the test part is left alone.
     *
     * @param split the parts
     * @return this builder
     */
    public Builder dataset(Split split) {
      Options.setData(draft, split);
      return this;
    }

    /**
     * How the model is adapted.
     *
     * @param fineTuningMethod full fine-tuning or an adapter
     * @return this builder
     * @throws io.adapt4j.core.exception.CheckpointException if no module on the class path brings
     *     such a method
     */
    public Builder method(FineTuningMethod fineTuningMethod) {
      return set(Options.METHOD, fineTuningMethod);
    }

    /**
     * The folder for checkpoints: {@code last}, {@code best} with {@link #keepBest}, and {@code
     * checkpoint-STEP} with {@link #keepLast}.
     *
     * @param folder created if absent
     * @return this builder
     */
    public Builder output(Path folder) {
      return set(Options.OUTPUT, folder);
    }

    /**
     * Lets the run replace the checkpoints of an earlier one in its output folder.
     *
     * @return this builder
     */
    public Builder overwriteOutput() {
      return set(Options.OVERWRITE_OUTPUT, true);
    }

    /**
     * Continues where an earlier run with the same description and output folder was cut off, from
     * the newest intact state it saved; a folder without a state is refused. The losses and the
     * result are those of an uninterrupted run, to the bit on the same machine.
     *
     * @return this builder
     */
    public Builder resume() {
      return set(Options.RESUME, true);
    }

    /**
     * Longest example in tokens; default the model's context length, at most 1024.
     *
     * @param tokens at least 2, at most the model's context length
     * @return this builder
     */
    public Builder maxLength(int tokens) {
      return set(Options.MAX_LENGTH, tokens);
    }

    /**
     * What happens to longer examples; default they are cut on the right and counted in the plan.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder overflow(Overflow policy) {
      return set(Options.OVERFLOW, policy);
    }

    /**
     * Says whether several samples share a row of up to maxLength tokens; default off. Each is seen
     * as if it had its own row, and nothing is padded, which for short samples saves most of the
     * time. {@link #batchSize} then counts such rows: choose it smaller, to keep the number of
     * samples a step.
     *
     * @param on whether to pack
     * @return this builder
     */
    public Builder packing(boolean on) {
      return set(Options.PACKING, on);
    }

    /**
     * Puts samples of similar lengths into a batch, so that less is padded; default off. For the
     * task of next tokens only, and not together with {@link #packing}.
     *
     * @return this builder
     */
    public Builder groupByLength() {
      return set(Options.GROUP_BY_LENGTH, true);
    }

    /**
     * Which tokens are trained on; default {@link LossOn#COMPLETION}.
     *
     * @param which completions, the assistant's last message, or all
     * @return this builder
     */
    public Builder lossOn(LossOn which) {
      return set(Options.LOSS_ON, which);
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
      draft.set(
          Options.CHAT_TEMPLATE, nameOrPath == null ? null : TemplateChoice.named(nameOrPath));
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
      draft.set(Options.CHAT_TEMPLATE, template == null ? null : TemplateChoice.of(template));
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
      return set(Options.OVERLAP, count);
    }

    /**
     * Checks everything together. A model on a hub is downloaded for it, once everything that can
     * be checked without it is right.
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
