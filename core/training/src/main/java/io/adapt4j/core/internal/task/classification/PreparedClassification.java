package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.tokenize.Tokenizer;

/** Classification with encoded data. */
final class PreparedClassification extends PreparedRows<TextBatch> {

  private final ClassificationTask task;

  private PreparedClassification(
      ClassificationTask task, FineTuneSettings settings, TextEncoder encoder, int paddingId) {
    super(
        settings,
        encoder.maxLength(),
        data -> encoder.rows(data, mask(settings, data), paddingId),
        network ->
            new ClassificationTrainingTask(
                (Encoder) network,
                task.problem(),
                settings.objective().model().labels(),
                settings.objective().selection()));
    this.task = task;
  }

  static PreparedClassification of(
      ClassificationTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    LabelSet labels = LabelSet.of(settings.objective().model().labels());
    return new PreparedClassification(
        task,
        settings,
        new TextEncoder(tokenizer, settings.lengthLimit(), task.problem(), labels),
        paddingId(settings, tokenizer));
  }

  @Override
  public Runnable startHead(Network network, WorkerGroup workers) {
    return HeadWarmStart.apply(
        network, task.problem(), train(), settings().batchSize(), settings().method(), workers);
  }
}
