package io.adapt4j.core.internal.task.maskedlm;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.task.MaskedLmTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;
import java.util.function.Function;

/** Masked-token prediction with encoded data. */
record PreparedMaskedLm(MaskedBatches train, Optional<MaskedBatches> held, int maxLength)
    implements PreparedTask<TextBatch> {

  static PreparedMaskedLm of(MaskedLmTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return EncodedData.encoded(
        () ->
            new PreparedMaskedLm(
                batches(settings.train(), true, task, settings, tokenizer),
                settings.validation().map(data -> batches(data, false, task, settings, tokenizer)),
                settings.lengthLimit()));
  }

  private static MaskedBatches batches(
      Dataset data,
      boolean shuffle,
      MaskedLmTask task,
      FineTuneSettings settings,
      Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    int vocabulary = model.config().fields().requirePositiveInt("vocab_size");
    MaskedBatches batches =
        MaskedBatches.of(
            data,
            tokenizer,
            new MaskedBatches.Options(
                settings.lengthLimit(),
                task.probability(),
                Math.min(vocabulary, tokenizer.vocabularySize()),
                settings.batchSize(),
                model.config().padTokenId().orElse(tokenizer.paddingId()),
                settings.seed(),
                shuffle));
    EncodedData.requireUsable(data, batches.report(), settings.lengthLimit());
    return batches;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(MaskedBatches::report), maxLength);
  }

  @Override
  public int batches() {
    return train.count();
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<TextBatch>, R> action) {
    return action.apply(
        new Training<>(new MaskedLmTrainingTask((Encoder) network), train, held, adaptation));
  }
}
