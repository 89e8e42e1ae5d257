package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;
import java.util.function.Function;

/** Classification with encoded data. */
record PreparedClassification(
    ClassificationTask task,
    FineTuneSettings settings,
    TextRows train,
    Optional<TextRows> held,
    int paddingId)
    implements PreparedTask<TextBatch> {

  static PreparedClassification of(
      ClassificationTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    TextEncoder encoder =
        new TextEncoder(
            tokenizer, settings.lengthLimit(), task.problem(), LabelSet.of(model.labels()));
    int paddingId = model.config().padTokenId().orElse(tokenizer.paddingId());
    return EncodedData.encoded(
        () ->
            new PreparedClassification(
                task,
                settings,
                rows(settings.train(), encoder),
                settings.validation().map(data -> rows(data, encoder)),
                paddingId));
  }

  private static TextRows rows(Dataset data, TextEncoder encoder) {
    TextRows rows = TextRows.of(data, encoder);
    EncodedData.requireUsable(data, rows.report(), encoder.maxLength());
    return rows;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(TextRows::report), train.encoder().maxLength());
  }

  @Override
  public int batches() {
    return trainBatches().count();
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<TextBatch>, R> action) {
    ClassificationTrainingTask training =
        new ClassificationTrainingTask(
            (Encoder) network,
            task.problem(),
            settings.objective().model().labels(),
            settings.objective().selection());
    return action.apply(new Training<>(training, trainBatches(), heldBatches(), adaptation));
  }

  @Override
  public Runnable startHead(Network network, WorkerGroup workers) {
    return HeadWarmStart.apply(
        network,
        task.problem(),
        train,
        settings.batchSize(),
        paddingId,
        settings.method(),
        workers);
  }

  private BatchSource<TextBatch> trainBatches() {
    return TextBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed());
  }

  private Optional<BatchSource<TextBatch>> heldBatches() {
    return held.map(rows -> TextBatches.inOrder(rows, settings.batchSize(), paddingId));
  }
}
