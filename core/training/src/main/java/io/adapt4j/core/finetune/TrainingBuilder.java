package io.adapt4j.core.finetune;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.Replay;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Training options common to all fine-tunings: duration, learning rate, data types, evaluation,
 * checkpoints and reporting. Base class of {@link FineTuner.Builder}.
 */
abstract class TrainingBuilder<B extends TrainingBuilder<B>> {

  /** The options set so far. */
  final Draft draft;

  TrainingBuilder(Draft draft) {
    this.draft = draft;
  }

  abstract B self();

  final <T> B set(Option<T> option, T value) {
    draft.set(option, value);
    return self();
  }

  private <T> B add(Option<List<T>> option, T element) {
    draft.add(option, element);
    return self();
  }

  /**
   * Sets the metric for the best model, which also decides early stopping: {@code loss} (the
   * default), or a metric of the task, such as {@code accuracy}.
   */
  public B metricForBestModel(String metric) {
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
  public B evaluationSamples(int rows) {
    return set(Options.EVALUATION_SAMPLES, rows);
  }

  /**
   * Sets how often the state to resume from is saved; default: with each evaluation. A state holds
   * the trainable parameters and the optimizer's moments in fp32, 12 bytes per parameter.
   */
  public B saveEvery(Interval interval) {
    return set(Options.SAVE_EVERY, interval);
  }

  /**
   * Sets how many of the newest states are kept; default 2, so that one is left if the newest is
   * damaged.
   */
  public B saveLimit(int states) {
    return set(Options.SAVE_LIMIT, states);
  }

  /**
   * Sets the number of passes over the training data; default 3, but 1 for pairs, preferences and
   * prompts.
   */
  public B epochs(int passes) {
    return set(Options.EPOCHS, passes);
  }

  /** Limits the number of steps; the learning-rate schedule spans this many. Default: no limit. */
  public B maxSteps(int steps) {
    return set(Options.MAX_STEPS, steps);
  }

  /** Sets the examples per micro-batch; default 8, 16 for classification, 32 for embeddings. */
  public B batchSize(int examples) {
    return set(Options.BATCH_SIZE, examples);
  }

  /** Sets the number of micro-batches whose gradients are accumulated for a step; default 1. */
  public B gradientAccumulation(int microBatches) {
    return set(Options.GRADIENT_ACCUMULATION, microBatches);
  }

  /**
   * Sets the base learning rate. The default depends on the method and the task: for next-token
   * prediction 2e-4 with LoRA and 2e-5 in full, for preferences 5e-6 with LoRA; {@link
   * FineTuner#plan} shows it. An unusual rate is questioned ({@link FineTuner#questions}), not
   * refused.
   */
  public B learningRate(double rate) {
    return set(Options.LEARNING_RATE, rate);
  }

  /** Sets the optimizer; default AdamW. */
  public B optimizer(Optimizer algorithm) {
    return set(Options.OPTIMIZER, algorithm);
  }

  /**
   * Scales the learning rate of some parameters. May be called repeatedly; the first expression
   * that matches a name counts. LoRA+ (Hayou et al. 2024) is {@code ("lora_B", 16)}, or {@code
   * Lora.plus(16)}.
   */
  public B learningRateFactor(String names, double factor) {
    return add(Options.LEARNING_RATE_FACTORS, new LearningRateFactor(names, factor));
  }

  /** Sets the learning-rate schedule; default linear decay to 0. */
  public B schedule(LearningRateSchedule shape) {
    return set(Options.SCHEDULE, shape);
  }

  /**
   * Sets the warmup as a share of the steps; default 0.03, or 0.1 for embeddings, preferences and
   * reinforcement learning. Not together with {@link #warmupSteps}.
   */
  public B warmupRatio(double share) {
    return set(Options.WARMUP_RATIO, share);
  }

  /** Sets the warmup steps. Not together with {@link #warmupRatio}. */
  public B warmupSteps(int steps) {
    return set(Options.WARMUP_STEPS, steps);
  }

  /** Sets AdamW's decoupled weight decay, not applied to biases and norms; default 0.01. */
  public B weightDecay(double decay) {
    return set(Options.WEIGHT_DECAY, decay);
  }

  /** Sets the maximum gradient norm for clipping; default 1, 0 disables clipping. */
  public B maxGradientNorm(double norm) {
    return set(Options.MAX_GRADIENT_NORM, norm);
  }

  /** Sets when to evaluate on the validation data and save a checkpoint; default each epoch. */
  public B evaluateEvery(Interval interval) {
    return set(Options.EVALUATE_EVERY, interval);
  }

  /**
   * Keeps the best checkpoint in addition to the last: that of the lowest validation loss, unless
   * {@link #metricForBestModel} says otherwise. Needs validation data.
   */
  public B keepBest() {
    return set(Options.KEEP_BEST, true);
  }

  /**
   * Keeps the newest checkpoints in separate folders {@code checkpoint-STEP}, in addition to {@code
   * last} and {@code best}; default none.
   */
  public B keepLast(int checkpoints) {
    return set(Options.KEEP_LAST, checkpoints);
  }

  /**
   * Stops early when the validation loss has not improved for some evaluations in a row. Needs
   * validation data.
   */
  public B earlyStopping(int evaluations) {
    return set(Options.EARLY_STOPPING, evaluations);
  }

  /**
   * Adds noise to the token embeddings while training (NEFTune, Jain et al. 2023); default none.
   *
   * @param alpha the paper's alpha, for which it tries 5, 10 and 15; 0 for none
   */
  public B neftune(double alpha) {
    return set(Options.NEFTUNE, alpha);
  }

  /**
   * Enables the dropout that the model's configuration states, such as {@code attention_dropout},
   * or that its class has by default in Transformers. It depends on the seed. Default on, but off
   * for preferences, rewards and reinforcement learning, as in TRL, where the same text must score
   * the same twice. An adapter's own dropout is an option of its method.
   */
  public B modelDropout(boolean on) {
    return set(Options.MODEL_DROPOUT, on);
  }

  /**
   * Initializes a new classifier with a linear fit to the vectors that the model gives before
   * training, instead of randomly. Default on for classification and regression if the checkpoint
   * has no classifier for the task; no effect elsewhere. The evaluation before training then
   * measures the frozen baseline.
   */
  public B headWarmStart(boolean on) {
    return set(Options.HEAD_WARM_START, on);
  }

  /**
   * Recomputes the activations of each layer in the backward pass instead of keeping them: less
   * memory, about a third more time. Default off, unless the method enables it, as QLoRA does.
   */
  public B gradientCheckpointing(boolean on) {
    return set(Options.GRADIENT_CHECKPOINTING, on);
  }

  /** Sets the compute type. Trainable parameters and the optimizer's state are always fp32. */
  public B precision(Precision type) {
    return set(Options.PRECISION, type);
  }

  /**
   * Sets how many steps in a row may have a NaN or infinite loss or gradient (they are skipped and
   * reported) before the run fails; default 5.
   */
  public B maxSkippedSteps(int steps) {
    return set(Options.MAX_SKIPPED_STEPS, steps);
  }

  /** Sets the seed of initial adapter weights, the order of examples and dropout; default 42. */
  public B seed(long value) {
    return set(Options.SEED, value);
  }

  /**
   * Adds a regularization term that keeps the model close to its base; may be called repeatedly.
   * The reported training loss excludes it.
   */
  public B regularize(Regularization term) {
    return add(Options.REGULARIZE, term);
  }

  /**
   * Mixes examples of what must not be forgotten into the training data, as {@link Datasets#replay}
   * does with this builder's seed.
   */
  public B replay(Dataset data, double share) {
    return set(Options.REPLAY, new Replay(data, share));
  }

  /** Adds a listener; may be called repeatedly. */
  public B listener(TrainingListener listener) {
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
}
