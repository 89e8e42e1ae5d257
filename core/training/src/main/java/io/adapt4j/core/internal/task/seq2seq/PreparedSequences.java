package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.task.SequenceToSequenceTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;
import java.util.function.Function;

/** Sequence-to-sequence training with encoded data. */
record PreparedSequences(
    SequenceToSequenceTask task,
    FineTuneSettings settings,
    SequenceRows train,
    Optional<SequenceRows> held,
    int paddingId)
    implements PreparedTask<SequenceInputs> {

  static PreparedSequences of(
      SequenceToSequenceTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return EncodedData.encoded(
        () ->
            new PreparedSequences(
                task,
                settings,
                rows(settings.train(), settings, tokenizer),
                settings.validation().map(data -> rows(data, settings, tokenizer)),
                settings.objective().model().config().padTokenId().orElse(tokenizer.paddingId())));
  }

  private static SequenceRows rows(Dataset data, FineTuneSettings settings, Tokenizer tokenizer) {
    SequenceRows rows = SequenceRows.of(data, tokenizer, settings.lengthLimit());
    EncodedData.requireUsable(data, rows.report(), settings.lengthLimit());
    return rows;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(SequenceRows::report), settings.lengthLimit());
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
      Function<Training<SequenceInputs>, R> action) {
    return action.apply(
        new Training<>(
            new SequenceTrainingTask((EncoderDecoder) network, task.labelSmoothing()),
            trainBatches(),
            held.map(rows -> SequenceBatches.inOrder(rows, settings.batchSize(), paddingId)),
            adaptation));
  }

  private BatchSource<SequenceInputs> trainBatches() {
    return SequenceBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed());
  }
}
