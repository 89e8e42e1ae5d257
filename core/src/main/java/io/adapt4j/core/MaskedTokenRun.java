package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.data.MaskedBatches;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.MaskedTokens;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A run that teaches an encoder to predict hidden tokens. */
final class MaskedTokenRun implements TaskRun {

  private final MaskedBatches train;
  private final Optional<MaskedBatches> held;
  private final RunParts parts;

  private MaskedTokenRun(RunParts parts, MaskedBatches train, Optional<MaskedBatches> held) {
    this.parts = parts;
    this.train = train;
    this.held = held;
  }

  static MaskedTokenRun prepare(
      FineTuneSettings settings, Task.MaskedTokens task, Tokenizer tokenizer) {
    int maxLength =
        settings.lengthLimit();
    try {
      MaskedBatches train =
          MaskedBatches.of(
              settings.train(), tokenizer, options(settings, task, tokenizer, maxLength, true));
      TaskRun.requireUsable(settings.train(), train.report(), maxLength);
      Optional<MaskedBatches> held =
          settings.validation().map(data -> held(settings, task, tokenizer, maxLength, data));
      RunRepeat.requireSameData(settings, train.report(), held.map(MaskedBatches::report));
      return new MaskedTokenRun(
          new RunParts(settings, train.report(), held.map(MaskedBatches::report), maxLength),
          train,
          held);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  private static MaskedBatches held(
      FineTuneSettings settings,
      Task.MaskedTokens task,
      Tokenizer tokenizer,
      int maxLength,
      Dataset data) {
    MaskedBatches held =
        MaskedBatches.of(data, tokenizer, options(settings, task, tokenizer, maxLength, false));
    TaskRun.requireUsable(data, held.report(), maxLength);
    return held;
  }

  private static MaskedBatches.Options options(
      FineTuneSettings settings,
      Task.MaskedTokens task,
      Tokenizer tokenizer,
      int maxLength,
      boolean shuffle) {
    TaskModel model = settings.objective().model();
    int vocabulary = model.config().fields().requirePositiveInt("vocab_size");
    return new MaskedBatches.Options(
        maxLength,
        task.probability(),
        Math.min(vocabulary, tokenizer.vocabularySize()),
        settings.batchSize(),
        model.config().padTokenId().orElse(tokenizer.paddingId()),
        settings.seed(),
        shuffle);
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, train.count());
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    return parts.train(
        new MaskedTokens((Encoder) network), network, adaptation, plan, train, held, stopRequested);
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return parts.sweep(
        new MaskedTokens((Encoder) network), adaptation, train, StepHooks.NONE, sweep);
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    return parts.forecast(declared, device);
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return parts.timed(new MaskedTokens((Encoder) network), adaptation, train, held, steps);
  }
}
