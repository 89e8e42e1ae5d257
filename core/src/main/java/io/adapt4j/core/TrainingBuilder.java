package io.adapt4j.core;

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
 * How long, how fast and with what a model trains, and what is evaluated, kept and reported: the
 * part of {@link FineTuner.Builder} that is the same whatever is trained.
 *
 * @param <B> the builder
 */
abstract class TrainingBuilder<B extends TrainingBuilder<B>> {

  /** What was given so far. */
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
   * What decides which checkpoint is the best, and when early stopping ends the run: {@code loss}
   * (the default), or a metric that the task measures, such as {@code accuracy}.
   *
   * @param metric its name
   * @return this builder
   */
  public B metricForBestModel(String metric) {
    return set(Options.METRIC_FOR_BEST_MODEL, metric);
  }

  /**
   * Answers some validation rows at each evaluation and writes the answers to {@code samples.jsonl}
   * in the output folder, with what the rows expect; default 3. For the task of next tokens, where
   * rows have a prompt and an answer that ends. A report warns where none of the last ones ended.
   *
   * @param rows how many, at least 0; 0 for none
   * @return this builder
   */
  public B evaluationSamples(int rows) {
    return set(Options.EVALUATION_SAMPLES, rows);
  }

  /**
   * How often the state to resume from is saved; default: with each evaluation. A state holds the
   * trained values and the optimizer's moments in fp32, 12 bytes a trained value.
   *
   * @param interval by steps, epochs or time
   * @return this builder
   */
  public B saveEvery(Interval interval) {
    return set(Options.SAVE_EVERY, interval);
  }

  /**
   * How many of the newest states stay on disk; default 2, so that one is left should the newest be
   * damaged.
   *
   * @param states at least 0; 0 saves none
   * @return this builder
   */
  public B saveLimit(int states) {
    return set(Options.SAVE_LIMIT, states);
  }

  /**
   * Passes over the training data; default 3, but 1 over pairs, preferences and prompts.
   *
   * @param passes at least 1
   * @return this builder
   */
  public B epochs(int passes) {
    return set(Options.EPOCHS, passes);
  }

  /**
   * Ends the run early; the learning-rate schedule spans this many steps. Default: no limit.
   *
   * @param steps optimizer steps, at least 1
   * @return this builder
   */
  public B maxSteps(int steps) {
    return set(Options.MAX_STEPS, steps);
  }

  /**
   * Examples a micro-batch; default 8, 16 for classification, 32 for embeddings.
   *
   * @param examples at least 1
   * @return this builder
   */
  public B batchSize(int examples) {
    return set(Options.BATCH_SIZE, examples);
  }

  /**
   * Micro-batches whose gradients make one step; default 1.
   *
   * @param microBatches at least 1
   * @return this builder
   */
  public B gradientAccumulation(int microBatches) {
    return set(Options.GRADIENT_ACCUMULATION, microBatches);
  }

  /**
   * Base learning rate. The default depends on the method and the task: for next tokens 2e-4 with
   * LoRA and 2e-5 in full, for preferences 5e-6 with LoRA; {@link FineTuner#plan} shows it. A rate
   * outside what is usual is questioned ({@link FineTuner#questions}), not refused.
   *
   * @param rate above 0
   * @return this builder
   */
  public B learningRate(double rate) {
    return set(Options.LEARNING_RATE, rate);
  }

  /**
   * How gradients become steps; default AdamW.
   *
   * @param algorithm with its options
   * @return this builder
   */
  public B optimizer(Optimizer algorithm) {
    return set(Options.OPTIMIZER, algorithm);
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
  public B learningRateFactor(String names, double factor) {
    return add(Options.LEARNING_RATE_FACTORS, new LearningRateFactor(names, factor));
  }

  /**
   * Shape of the learning rate over the run; default linear to 0.
   *
   * @param shape the schedule
   * @return this builder
   */
  public B schedule(LearningRateSchedule shape) {
    return set(Options.SCHEDULE, shape);
  }

  /**
   * Share of the steps in which the rate rises from 0; default 0.03, or 0.1 for embeddings,
   * preferences and reinforcement. Not together with {@link #warmupSteps}.
   *
   * @param share from 0 to 1
   * @return this builder
   */
  public B warmupRatio(double share) {
    return set(Options.WARMUP_RATIO, share);
  }

  /**
   * Steps in which the rate rises from 0. Not together with {@link #warmupRatio}.
   *
   * @param steps at least 0
   * @return this builder
   */
  public B warmupSteps(int steps) {
    return set(Options.WARMUP_STEPS, steps);
  }

  /**
   * AdamW's decoupled weight decay, not applied to biases and norms; default 0.01.
   *
   * @param decay at least 0
   * @return this builder
   */
  public B weightDecay(double decay) {
    return set(Options.WEIGHT_DECAY, decay);
  }

  /**
   * Gradients of a larger norm are scaled down to it; default 1, 0 for no limit.
   *
   * @param norm at least 0
   * @return this builder
   */
  public B maxGradientNorm(double norm) {
    return set(Options.MAX_GRADIENT_NORM, norm);
  }

  /**
   * When to evaluate on the validation data and save a checkpoint; default each epoch.
   *
   * @param interval by steps or epochs
   * @return this builder
   */
  public B evaluateEvery(Interval interval) {
    return set(Options.EVALUATE_EVERY, interval);
  }

  /**
   * Keeps the best checkpoint beside the last: that of the lowest validation loss, unless {@link
   * #metricForBestModel} says otherwise. Needs validation data.
   *
   * @return this builder
   */
  public B keepBest() {
    return set(Options.KEEP_BEST, true);
  }

  /**
   * Keeps the newest checkpoints in folders {@code checkpoint-STEP} of their own, beside {@code
   * last} and {@code best}; default none.
   *
   * @param checkpoints how many stay, at least 0
   * @return this builder
   */
  public B keepLast(int checkpoints) {
    return set(Options.KEEP_LAST, checkpoints);
  }

  /**
   * Ends the run when the validation loss has not fallen for some evaluations in a row. Needs
   * validation data.
   *
   * @param evaluations at least 1
   * @return this builder
   */
  public B earlyStopping(int evaluations) {
    return set(Options.EARLY_STOPPING, evaluations);
  }

  /**
   * Adds noise to the token embeddings while training (NEFTune, Jain et al. 2023); default none.
   *
   * @param alpha the paper's alpha, which tries 5, 10 and 15; 0 for none
   * @return this builder
   */
  public B neftune(double alpha) {
    return set(Options.NEFTUNE, alpha);
  }

  /**
   * Drops values in training with the probabilities that the model's configuration states, such as
   * {@code attention_dropout}, or that its class has by default in Transformers. What is dropped
   * follows the seed. Default on, but off for preferences, rewards and reinforcement, as in TRL,
   * where the same text must score the same twice. An adapter's own dropout is an option of its
   * method.
   *
   * @param on whether to drop
   * @return this builder
   */
  public B modelDropout(boolean on) {
    return set(Options.MODEL_DROPOUT, on);
  }

  /**
   * Starts a new classifier from a linear fit to the vectors that the model gives before training,
   * instead of from random values. Default on where the task classifies or gives a number and the
   * checkpoint has no classifier for it; without effect elsewhere. The evaluation before training
   * then measures the frozen baseline.
   *
   * @param on whether to fit it
   * @return this builder
   */
  public B headWarmStart(boolean on) {
    return set(Options.HEAD_WARM_START, on);
  }

  /**
   * Recomputes each layer in the backward pass instead of keeping its intermediates: less memory,
   * about a third more time. Default off, but on where the method says so, as QLoRA does.
   *
   * @param on whether to recompute
   * @return this builder
   */
  public B gradientCheckpointing(boolean on) {
    return set(Options.GRADIENT_CHECKPOINTING, on);
  }

  /**
   * The compute type. Trained values and the optimizer's state are fp32 in any case.
   *
   * @param type default {@link Precision#AUTO}
   * @return this builder
   */
  public B precision(Precision type) {
    return set(Options.PRECISION, type);
  }

  /**
   * Steps in a row whose loss or gradient may be NaN or infinite (they are skipped and reported)
   * before the run ends with an error; default 5.
   *
   * @param steps at least 0
   * @return this builder
   */
  public B maxSkippedSteps(int steps) {
    return set(Options.MAX_SKIPPED_STEPS, steps);
  }

  /**
   * Decides initial adapter values, the order of examples and dropout; default 42.
   *
   * @param value any
   * @return this builder
   */
  public B seed(long value) {
    return set(Options.SEED, value);
  }

  /**
   * Keeps the model close to what it was while it trains; any number may be added. The training
   * loss is reported without it.
   *
   * @param term EWC, L2 towards the base, or KL to the base on replay data
   * @return this builder
   */
  public B regularize(Regularization term) {
    return add(Options.REGULARIZE, term);
  }

  /**
   * Mixes examples of what is not to be forgotten into the training data, as {@link
   * Datasets#replay} does with this builder's seed.
   *
   * @param data the examples
   * @param share of all rows of an epoch, above 0 and below 1; 0.05 to 0.5 are usual
   * @return this builder
   */
  public B replay(Dataset data, double share) {
    return set(Options.REPLAY, new Replay(data, share));
  }

  /**
   * Adds a listener; any number may be added.
   *
   * @param listener told of steps, evaluations, checkpoints and warnings
   * @return this builder
   */
  public B listener(TrainingListener listener) {
    return add(Options.LISTENERS, listener);
  }

  /** {@return one that tells all listeners that were added, for who runs this elsewhere} */
  public TrainingListener listeners() {
    return TrainingListener.all(draft.get(Options.LISTENERS));
  }

  /** {@return the folder for checkpoints; empty before it is given} */
  public Optional<Path> output() {
    return Optional.ofNullable(draft.get(Options.OUTPUT));
  }
}
