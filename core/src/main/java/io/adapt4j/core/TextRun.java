package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.LabelSet;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TextBatches;
import io.adapt4j.core.internal.data.TextEncoder;
import io.adapt4j.core.internal.data.TextRows;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.LabelledTexts;
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

/** A run that teaches a network to score classes or numbers of texts, or classes of their words. */
final class TextRun implements TaskRun {

  private final FineTuneSettings settings;
  private final Task.Labelled task;
  private final TextRows train;
  private final Optional<TextRows> held;
  private final int paddingId;
  private final RunParts parts;

  private TextRun(
      FineTuneSettings settings,
      Task.Labelled task,
      TextRows train,
      Optional<TextRows> held,
      int paddingId) {
    this.settings = settings;
    this.task = task;
    this.train = train;
    this.held = held;
    this.paddingId = paddingId;
    this.parts =
        new RunParts(
            settings, train.report(), held.map(TextRows::report), train.encoder().maxLength());
  }

  static TextRun prepare(FineTuneSettings settings, Task.Labelled task, Tokenizer tokenizer) {
    int maxLength =
        settings.lengthLimit();
    TaskModel model = settings.objective().model();
    TextEncoder encoder =
        new TextEncoder(tokenizer, maxLength, task.problem(), LabelSet.of(model.labels()));
    try {
      TextRows train = TextRows.of(settings.train(), encoder);
      TaskRun.requireUsable(settings.train(), train.report(), maxLength);
      Optional<TextRows> held = settings.validation().map(data -> TextRows.of(data, encoder));
      held.ifPresent(
          one ->
              TaskRun.requireUsable(settings.validation().orElseThrow(), one.report(), maxLength));
      RunRepeat.requireSameData(settings, train.report(), held.map(TextRows::report));
      int paddingId = model.config().padTokenId().orElse(tokenizer.paddingId());
      return new TextRun(settings, task, train, held, paddingId);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, batches().count());
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return parts.sweep(labelled(network), adaptation, batches(), StepHooks.NONE, sweep);
  }

  private LabelledTexts labelled(Network network) {
    return new LabelledTexts(
        (Encoder) network,
        task.problem(),
        settings.objective().model().labels(),
        settings.objective().selection());
  }

  private BatchSource<TextBatch> batches() {
    return TextBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed());
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    return parts.train(
        labelled(network), network, adaptation, plan, batches(), heldBatches(), stopRequested);
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    return parts.forecast(declared, device);
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return parts.timed(labelled(network), adaptation, batches(), heldBatches(), steps);
  }

  private Optional<BatchSource<TextBatch>> heldBatches() {
    return held.map(one -> TextBatches.inOrder(one, settings.batchSize(), paddingId));
  }
}
