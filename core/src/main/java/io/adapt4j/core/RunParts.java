package io.adapt4j.core;

import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepTimer;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.train.RangeTestLoop;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.internal.train.Trainer;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.StepShape;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * What runs over texts have in common.
 *
 * @param settings what is to be done
 * @param train what the training data came to
 * @param held what the validation data came to
 * @param maxLength the most tokens of a text
 */
record RunParts(
    FineTuneSettings settings, EncodingReport train, Optional<EncodingReport> held, int maxLength) {

  FineTunePlan plan(Network declared, int batches) {
    return new FineTunePlan(
            settings.training().totalSteps(batches),
            train.kept(),
            held.map(EncodingReport::kept).orElse(0),
            train.rows() - train.kept() + held.map(one -> one.rows() - one.kept()).orElse(0),
            train.truncated() + held.map(EncodingReport::truncated).orElse(0),
            train.split() + held.map(EncodingReport::split).orElse(0),
            train.targetTokens(),
            settings.method().trainableParameters(declared),
            declared.parameterCount())
        .with(
            settings.choices().options(settings.training(), settings.batchSize()),
            settings.choices().questions());
  }

  /** Trains with nothing but the task's own loss. */
  <B> TrainingResult train(
      TrainingTask<B> task,
      Network network,
      Adaptation adaptation,
      FineTunePlan plan,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> heldBatches,
      BooleanSupplier stopRequested) {
    Trainer<B> trainer =
        trainer(task, adaptation, batches, heldBatches, List.of(), Optional.empty(), stopRequested);
    return trainer.run(start(network, plan));
  }

  <B> Trainer<B> trainer(
      TrainingTask<B> task,
      Adaptation adaptation,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> heldBatches,
      List<String> regularisations,
      Optional<ChatTemplate> template,
      BooleanSupplier stopRequested) {
    RunRecorder recorder = RunRecorder.start(settings, train, held, template);
    return new Trainer<>(
            task,
            recorder.recording(adaptation),
            settings
                .training()
                .identifiedBy(
                    RunIdentity.of(
                        settings,
                        settings.model().folder(),
                        train,
                        held,
                        maxLength,
                        regularisations)),
            batches,
            heldBatches,
            settings.output(),
            recorder.before(settings.listeners()),
            stopRequested)
        .keepLast(settings.numberedCheckpoints())
        .usualRates(settings.choices().defaults().usualRates());
  }

  /** Trains a few steps at growing rates; writes nothing. */
  <B> LearningRateCurve sweep(
      TrainingTask<B> task,
      Adaptation adaptation,
      BatchSource<B> batches,
      StepHooks hooks,
      LearningRateSweep sweep) {
    TrainingOptions training = settings.training();
    try (TrainingStep<B> step = new TrainingStep<>(task, adaptation, training.step(), hooks)) {
      return RangeTestLoop.run(
          sweep, step, task, batches, training.accumulation(), settings.seed());
    }
  }

  /** Predicts the memory: the largest batch is one of the longest texts. */
  Forecast forecast(Network declared, int longest, Device device) {
    return forecast(declared, longest, 1, device);
  }

  /**
   * Predicts the memory of examples of several texts each.
   *
   * @param texts of an example, each as long as the longest
   */
  Forecast forecast(Network declared, int longest, int texts, Device device) {
    return forecast(declared, longest, rows() * texts, UnaryOperator.identity(), device);
  }

  /** Examples of a micro-batch: no more than there are. */
  int rows() {
    return Math.min(settings.batchSize(), train.kept());
  }

  /**
   * Predicts the memory of a run that has more in it than the network that trains.
   *
   * @param rows sequences of a micro-batch
   * @param more plans for the rest
   */
  Forecast forecast(
      Network declared, int longest, int rows, UnaryOperator<Planner> more, Device device) {
    TrainingStep.Settings step = settings.training().step();
    StepShape shape =
        new StepShape(
            rows,
            longest,
            settings.training().accumulation(),
            LoadedModel.typeOf(settings.precision(), declared, settings.model().folder()),
            step.optimizer(),
            step.recompute());
    Planner planner =
        Planner.of(declared, settings.method()).lasting(batches()).ofLengths(lengths());
    return more.apply(planner).forecast(shape, device);
  }

  /** Different lengths of batches, which spread around the mean. */
  private long lengths() {
    long mean = train.tokens() / Math.max(1, train.samples());
    long spread = 2 * Math.max(0, train.longest() - mean);
    return Math.max(1, Math.min(batches(), 1 + spread));
  }

  /** Micro-batches of the whole run, where examples are not packed. */
  private long batches() {
    TrainingOptions training = settings.training();
    long perEpoch = (train.kept() + settings.batchSize() - 1L) / settings.batchSize();
    long all = perEpoch * training.epochs();
    return training.maxSteps() == 0
        ? all
        : Math.min(all, (long) training.maxSteps() * training.accumulation());
  }

  /** Predicts the memory of a batch of the longest texts of all. */
  Forecast forecast(Network declared, Device device) {
    int longest = Math.max(train.longest(), held.map(EncodingReport::longest).orElse(0));
    return forecast(declared, longest, device);
  }

  <B> TimedSteps timed(
      TrainingTask<B> task,
      Adaptation adaptation,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> heldBatches,
      int steps) {
    return new StepTimer<>(task, adaptation, settings.training(), batches, heldBatches)
        .measure(steps, train.tokens());
  }

  RunStart start(Network network, FineTunePlan plan) {
    return new RunStart(
        plan.steps(),
        settings.training().epochs(),
        plan.trainableParameters(),
        plan.totalParameters(),
        plan.trainExamples(),
        plan.validationExamples(),
        settings.model() + ", " + settings.method().description(),
        network.type() == DType.BF16 ? "bf16, trained values fp32" : "fp32");
  }
}
