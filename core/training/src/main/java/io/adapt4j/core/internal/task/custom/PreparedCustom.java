package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.spi.ObjectiveSample;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** User-defined objective with encoded data. */
record PreparedCustom(
    TrainingObjective objective,
    FineTuneSettings settings,
    CustomRows train,
    Optional<CustomRows> held,
    int paddingId)
    implements PreparedTask<CustomBatch> {

  static PreparedCustom of(
      TrainingObjective objective, FineTuneSettings settings, Tokenizer tokenizer) {
    int maxLength = settings.lengthLimit();
    int paddingId =
        settings.objective().model().config().padTokenId().orElse(tokenizer.paddingId());
    return EncodedData.encoded(
        () ->
            new PreparedCustom(
                objective,
                settings,
                CustomRows.of(settings.train(), objective, tokenizer, maxLength),
                settings
                    .validation()
                    .map(data -> CustomRows.of(data, objective, tokenizer, maxLength)),
                paddingId));
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(CustomRows::report), settings.lengthLimit());
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
      Function<Training<CustomBatch>, R> action) {
    CustomTrainingTask training =
        new CustomTrainingTask(objective, network, settings.objective().selection());
    return action.apply(
        new Training<>(
            training,
            trainBatches(),
            held.map(rows -> batches(rows, EpochOrder.UNSHUFFLED)),
            adaptation));
  }

  private BatchSource<CustomBatch> trainBatches() {
    return batches(train, settings.order());
  }

  private BatchSource<CustomBatch> batches(CustomRows rows, EpochOrder order) {
    return ArrangedBatches.single(
        new SequentialBatches(rows.samples().size(), settings.batchSize(), order),
        chosen -> batch(rows.samples(), chosen));
  }

  private CustomBatch batch(List<ObjectiveSample> samples, int[] chosen) {
    return CustomBatch.of(Arrays.stream(chosen).mapToObj(samples::get).toList(), paddingId);
  }
}
