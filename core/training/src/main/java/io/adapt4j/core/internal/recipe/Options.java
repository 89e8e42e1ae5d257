package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.EarlyStopping;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The options of a run, each defined only here: its values, default, key and sentence in the
 * documentation; the builder adds a setter.
 */
public final class Options {

  /** Setters without a key in descriptions, with the reason. */
  public static final Map<String, String> WITHOUT_KEY =
      Map.of("listener", "is code; the command line adds those for its output");

  /** Keys of data sources. */
  public static final Set<String> DATA_KEYS = Set.of("data", "validation", "replay");

  private static final String BY_TASK = "by method and task";

  public static final Option<ModelSource> MODEL =
      Option.<ModelSource>of("model", "a folder, or {hub: OWNER/NAME, revision: ...}")
          .text("Base checkpoint, in Hugging Face format.")
          .read(ModelKey::read)
          .write(settings -> Optional.of(ModelKey.write(settings.model())));

  public static final Option<Dataset> DATA =
      Option.<Dataset>of("data", "{path: FILE, ...}, perhaps with a split")
          .setter("dataset")
          .text("Training data; with a split, also the validation data.")
          .readInto(
              (fields, draft) -> DataKeys.split(fields).ifPresent(parts -> setData(draft, parts)))
          .write(DataKeys::training);

  public static final Option<Dataset> VALIDATION =
      Option.<Dataset>of("validation", "as data")
          .setter("dataset")
          .text("Separate validation data.")
          .readInto((fields, draft) -> fields.find("validation"))
          .write(DataKeys::held);

  /** Rows of an earlier task; in records the mixture is written as the data. */
  public static final Option<Replay> REPLAY =
      Option.<Replay>of("replay", "as data, with the share of these rows in the whole")
          .text("Data of an earlier task, mixed into the training data against forgetting.")
          .checked((replay, checks) -> replay.check(checks))
          .read(DataKeys::replay);

  /** Fine-tuning method. */
  public static final Option<FineTuningMethod> METHOD =
      Option.<FineTuningMethod>of("method", "full, or one of the modules on the class path")
          .text("Fine-tuning method: full, or an adapter.")
          .read(MethodKey::read)
          .write(settings -> MethodKey.write(MethodKey.plain(settings.method())));

  /** NEFTune noise on the embeddings. */
  public static final Option<Double> NEFTUNE =
      Option.notNegative("neftune")
          .usual(0.0, "none")
          .text("NEFTune's alpha: noise on the token embeddings in training, usually 5 to 15.")
          .written(settings -> MethodKey.noise(settings.method()));

  /** Dropout of the model's configuration. */
  public static final Option<Boolean> MODEL_DROPOUT =
      Option.toggle("modelDropout")
          .usually("true; false for preferences, rewards and reinforcement")
          .text("Applies the dropout of the model's configuration in training.")
          .written(FineTuneSettings::modelDropout);

  /** Initialization of a new classifier by a linear fit. */
  public static final Option<Boolean> HEAD_WARM_START =
      Option.toggle("headWarmStart")
          .usually("true where a classifier is new")
          .text(
              "Starts a new classifier from a linear fit to the untrained model's vectors; false"
                  + " for random values.")
          .written(FineTuneSettings::headWarmStart);

  /** Folder of checkpoints. */
  public static final Option<Path> OUTPUT =
      Option.<Path>of("output", "a folder")
          .text("Output folder for checkpoints, run states and the record of the run.")
          .read(fields -> fields.file("output"))
          .written(settings -> settings.output().toAbsolutePath().normalize());

  /** Whether to replace an earlier run; not part of a record. */
  public static final Option<Boolean> OVERWRITE_OUTPUT =
      Option.flag("overwriteOutput").text("Overwrites an earlier run in the output folder.");

  /** Whether to resume a run; not part of a record. */
  public static final Option<Boolean> RESUME =
      Option.flag("resume").text("Resumes the interrupted run in the output folder, to the bit.");

  public static final Option<Integer> EPOCHS =
      Option.integer("epochs", 1)
          .usually(BY_TASK)
          .text("Number of passes over the training data.")
          .written(settings -> settings.training().epochs());

  public static final Option<Integer> MAX_STEPS =
      Option.integer("maxSteps", 1)
          .usual(0, "no limit")
          .text("Maximum number of steps, which the learning-rate schedule then spans.")
          .writtenIfAny(
              settings -> Optional.of(settings.training().maxSteps()).filter(steps -> steps > 0));

  public static final Option<Integer> BATCH_SIZE =
      Option.integer("batchSize", 1)
          .usually(BY_TASK)
          .text("Examples per micro-batch.")
          .written(FineTuneSettings::batchSize);

  public static final Option<Integer> GRADIENT_ACCUMULATION =
      Option.integer("gradientAccumulation", 1)
          .usual(1)
          .text("Micro-batches per optimizer step.")
          .written(settings -> settings.training().accumulation());

  public static final Option<Integer> MAX_LENGTH =
      Option.integer("maxLength", 2)
          .usually("the model's context length, at most " + FineTuneDefaults.MAX_LENGTH)
          .text("Maximum length of an example in tokens.")
          .writtenIfAny(FineTuneSettings::maxLength);

  /** Handling of longer examples. */
  public static final Option<Overflow> OVERFLOW =
      Option.choice("overflow", Overflow.class)
          .usual(Overflow.TRUNCATE_RIGHT)
          .text("Treatment of longer examples.")
          .written(FineTuneSettings::overflow);

  /** Overlap of the parts of a split example. */
  public static final Option<Integer> OVERLAP =
      Option.integer("overlap", 1)
          .usually("1")
          .text("Tokens shared by consecutive parts of a split row.")
          .writtenIfAny(settings -> settings.tokens().overlap());

  /** Whether samples share rows. */
  public static final Option<Boolean> PACKING =
      Option.toggle("packing")
          .usual(false)
          .text("Packs several samples into a row of up to maxLength tokens.")
          .written(settings -> settings.tokens().batching() == Batching.PACKED);

  public static final Option<Boolean> GROUP_BY_LENGTH =
      Option.flag("groupByLength")
          .text("Batches samples of similar length.")
          .written(settings -> settings.tokens().batching() == Batching.BY_LENGTH);

  /** Selection of the trained tokens. */
  public static final Option<LossOn> LOSS_ON =
      Option.choice("lossOn", LossOn.class)
          .usual(LossOn.COMPLETION)
          .text("Tokens that the loss is computed on.")
          .written(settings -> settings.tokens().lossOn());

  public static final Option<TemplateChoice> CHAT_TEMPLATE =
      Option.<TemplateChoice>of(TemplateKey.KEY, "a name such as chatml, a file or a folder")
          .usually("the model's")
          .text("Chat template for conversations; saved with the result.")
          .read(TemplateKey::read)
          .write(TemplateKey::write);

  /** Penalties that keep the model close to its base. */
  public static final Option<List<Regularization>> REGULARIZE =
      Option.<List<Regularization>>of("regularize", "a list of ewc, l2ToBase, klToBase")
          .usual(List.of(), "none")
          .text("Regularization toward the base model.")
          .checked(
              (terms, checks) ->
                  checks.require(
                      terms.stream().allMatch(term -> term != null), "a regularization is null"))
          .read(RegularizationKeys::read)
          .write(RegularizationKeys::write);

  public static final Option<Double> LEARNING_RATE =
      Option.number("learningRate", "above 0", value -> value > 0)
          .usually(BY_TASK)
          .text("Base learning rate.")
          .written(settings -> settings.training().learningRate());

  public static final Option<LearningRateSchedule> SCHEDULE =
      Option.<LearningRateSchedule>of("schedule", String.join(", ", ScheduleKeys.NAMES))
          .usual(LearningRateSchedule.LINEAR, "linear")
          .required()
          .text("Learning-rate schedule.")
          .read(ScheduleKeys::read)
          .write(settings -> ScheduleKeys.write(settings.training().schedule()));

  public static final Option<Double> WARMUP_RATIO =
      Option.number("warmupRatio", "from 0 to 1", value -> value >= 0 && value <= 1)
          .usually(BY_TASK)
          .text("Warm-up as a share of the steps.")
          .write(settings -> ScheduleKeys.warmupRatio(settings.training().warmup()));

  public static final Option<Integer> WARMUP_STEPS = warmupSteps();

  public static final Option<Optimizer> OPTIMIZER =
      Option.<Optimizer>of("optimizer", String.join(", ", OptimizerKeys.NAMES))
          .usual(Optimizer.adamW(), "adamw")
          .required()
          .text("Optimizer.")
          .read(OptimizerKeys::read)
          .write(settings -> OptimizerKeys.write(settings.training().step().optimizer()));

  /** Learning-rate multipliers by parameter name. */
  public static final Option<List<LearningRateFactor>> LEARNING_RATE_FACTORS =
      Option.<List<LearningRateFactor>>of("learningRateFactors", "a list of {names, factor}")
          .setter("learningRateFactor")
          .usual(List.of(), "none")
          .text("Learning-rate multipliers for parameters whose names match.")
          .read(OptimizerKeys::readFactors)
          .write(OptimizerKeys::writeFactors);

  public static final Option<Double> WEIGHT_DECAY =
      Option.notNegative("weightDecay")
          .usual(FineTuneDefaults.WEIGHT_DECAY)
          .text("Decoupled weight decay; not for biases and norms.")
          .written(settings -> settings.training().step().weightDecay());

  public static final Option<Double> MAX_GRADIENT_NORM =
      Option.notNegative("maxGradientNorm")
          .usual(FineTuneDefaults.MAX_GRADIENT_NORM)
          .text("Gradient clipping norm; 0 disables clipping.")
          .written(settings -> settings.training().step().maxGradientNorm());

  public static final Option<Interval> EVALUATE_EVERY =
      IntervalKeys.ofSteps("evaluateEvery")
          .usual(Interval.EPOCH, "epoch")
          .checked(
              (interval, checks) ->
                  checks.require(
                      !interval.isTime(),
                      "evaluateEvery must be by steps or epochs, as its results must not depend on"
                          + " the machine's speed; saveEvery may be by time"))
          .text("Interval of evaluations and checkpoints.")
          .write(
              settings ->
                  Optional.of(
                      IntervalKeys.write(new Interval(settings.training().evaluationInterval()))));

  /** Number of validation rows to answer. */
  public static final Option<Integer> EVALUATION_SAMPLES =
      Option.integer("evaluationSamples", 0)
          .usual(FineTuneDefaults.EVALUATION_SAMPLES)
          .text(
              "Validation rows answered at each evaluation, in samples.jsonl; for next tokens with prompts and completions.")
          .written(FineTuneSettings::evaluationSamples);

  public static final Option<Boolean> KEEP_BEST =
      Option.flag("keepBest")
          .text("Keeps the best checkpoint as well as the last. Needs validation data.")
          .written(settings -> settings.training().keepBest());

  public static final Option<String> METRIC_FOR_BEST_MODEL =
      Option.<String>of("metricForBestModel", "loss, or a metric of the task")
          .usual(BestModelMetric.LOSS)
          .text("Metric for the best checkpoint and for early stopping.")
          .read(fields -> fields.text("metricForBestModel"))
          .written(settings -> settings.objective().selection().metric());

  public static final Option<Integer> KEEP_LAST =
      Option.integer("keepLast", 0)
          .usual(0)
          .text("Number of recent checkpoints kept in folders checkpoint-STEP.")
          .written(FineTuneSettings::numberedCheckpoints);

  /** Early-stopping patience in evaluations. */
  public static final Option<Integer> EARLY_STOPPING =
      Option.<Integer>of("earlyStopping", "whole number of at least 1")
          .checked(
              (patience, checks) ->
                  checks.require(
                      patience >= 1,
                      "earlyStopping must allow at least 1 evaluation, found " + patience))
          .read(fields -> fields.integer("earlyStopping", 1))
          .usually("never")
          .text("Patience: evaluations without improvement before the run ends.")
          .writtenIfAny(
              settings -> settings.training().earlyStopping().map(EarlyStopping::patience));

  public static final Option<Interval> SAVE_EVERY =
      IntervalKeys.ofStepsOrTime("saveEvery")
          .usually("with each evaluation")
          .text("Interval of run states to resume from.")
          .write(
              settings ->
                  Optional.of(
                      IntervalKeys.write(
                          new Interval(
                              settings.training().states().interval(),
                              settings.training().states().time()))));

  public static final Option<Integer> SAVE_LIMIT =
      Option.integer("saveLimit", 0)
          .usual(FineTuneDefaults.SAVE_LIMIT)
          .text("Number of recent run states kept; 0 saves none.")
          .written(settings -> settings.training().states().kept());

  public static final Option<Boolean> GRADIENT_CHECKPOINTING =
      Option.toggle("gradientCheckpointing")
          .usually("false, unless the method says otherwise")
          .text(
              "Activation checkpointing: recomputes layers in the backward pass; less memory, a third more time.")
          .written(settings -> settings.training().step().recompute());

  /** Compute type. */
  public static final Option<Precision> PRECISION =
      Option.choice(PrecisionKey.KEY, Precision.class)
          .read(PrecisionKey::read)
          .usual(Precision.AUTO)
          .checked(
              (precision, checks) ->
                  checks.require(
                      precision != Precision.FP16,
                      "precision FP16 is for running models; train in BF16 or FP32"))
          .text("Compute type; fp16 only for running models.")
          .written(FineTuneSettings::precision);

  /** Maximum number of consecutive skipped steps. */
  public static final Option<Integer> MAX_SKIPPED_STEPS =
      Option.integer("maxSkippedSteps", 0)
          .usual(FineTuneDefaults.MAX_SKIPPED_STEPS)
          .text("Consecutive steps that may have a NaN or infinite loss or gradient.")
          .written(settings -> settings.training().maxSkippedSteps());

  public static final Option<Long> SEED =
      Option.<Long>of("seed", "whole number")
          .usual(FineTuneDefaults.SEED)
          .text("Seed of initial adapter values, example order and dropout.")
          .read(fields -> fields.whole("seed"))
          .written(FineTuneSettings::seed);

  /** Training listeners; code, so without a key. */
  public static final Option<List<TrainingListener>> LISTENERS =
      Option.<List<TrainingListener>>of("listener", "code").usual(List.of(), "none");

  /** Record whose data and template a repeated run must match; without a key. */
  public static final Option<Provenance> REPEATS = Option.of("repeats", "a record");

  private Options() {}

  /** Sets training and validation data. */
  public static void setData(Draft draft, Split parts) {
    draft.set(DATA, Texts.require("dataset", parts).train());
    draft.set(VALIDATION, parts.validation().size() == 0 ? null : parts.validation());
  }

  /** Adds a factor of the learning rate of some parameters. */
  public static void addRateFactor(Draft draft, String names, double factor) {
    draft.add(LEARNING_RATE_FACTORS, new LearningRateFactor(names, factor));
  }

  /** Sets the rows of an earlier task to mix in. */
  public static void setReplay(Draft draft, Dataset rows, double share) {
    draft.set(REPLAY, new Replay(rows, share));
  }

  private static Option<Integer> warmupSteps() {
    String name = "warmupSteps";
    return Option.integer(name, 0)
        .usually("none")
        .text("Warm-up in steps, instead of warmupRatio.")
        .read(
            fields -> {
              fields.exclude("warmupRatio", name);
              return fields.integer(name, 0);
            })
        .write(settings -> ScheduleKeys.warmupSteps(settings.training().warmup()));
  }

  /** Lists the options with a key, with those of others after the data. */
  public static List<Option<?>> with(Option<Task> task, Option<?> rows) {
    return List.of(
        MODEL,
        task,
        DATA,
        VALIDATION,
        REPLAY,
        rows,
        METHOD,
        NEFTUNE,
        MODEL_DROPOUT,
        HEAD_WARM_START,
        OUTPUT,
        OVERWRITE_OUTPUT,
        RESUME,
        EPOCHS,
        MAX_STEPS,
        BATCH_SIZE,
        GRADIENT_ACCUMULATION,
        MAX_LENGTH,
        OVERFLOW,
        OVERLAP,
        PACKING,
        GROUP_BY_LENGTH,
        LOSS_ON,
        CHAT_TEMPLATE,
        REGULARIZE,
        LEARNING_RATE,
        SCHEDULE,
        WARMUP_RATIO,
        WARMUP_STEPS,
        OPTIMIZER,
        LEARNING_RATE_FACTORS,
        WEIGHT_DECAY,
        MAX_GRADIENT_NORM,
        EVALUATE_EVERY,
        EVALUATION_SAMPLES,
        KEEP_BEST,
        METRIC_FOR_BEST_MODEL,
        KEEP_LAST,
        EARLY_STOPPING,
        SAVE_EVERY,
        SAVE_LIMIT,
        GRADIENT_CHECKPOINTING,
        PRECISION,
        MAX_SKIPPED_STEPS,
        SEED);
  }
}
