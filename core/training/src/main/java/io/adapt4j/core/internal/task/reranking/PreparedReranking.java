package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSampler;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.LabeledSample;
import io.adapt4j.core.internal.data.LengthGroupedBatches;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.task.RerankingTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Reranker training with encoded data. */
record PreparedReranking(
    FineTuneSettings settings,
    RerankingRows train,
    Optional<RerankingRows> held,
    int paddingId,
    int rejected,
    int chosen)
    implements PreparedTask<RerankingBatch> {

  static PreparedReranking of(RerankingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    int most = settings.lengthLimit();
    return EncodedData.encoded(
        () -> {
          RerankingEncoder encoder =
              new RerankingEncoder(new ChoicePrompt(tokenizer, most), task.instruction(), most);
          return new PreparedReranking(
              settings,
              rows(settings.train(), encoder),
              settings.validation().map(data -> rows(data, encoder)),
              model.config().padTokenId().orElse(tokenizer.paddingId()),
              ChoicePrompt.id(model.folder(), tokenizer, ChoicePrompt.REJECTED),
              ChoicePrompt.id(model.folder(), tokenizer, ChoicePrompt.CHOSEN));
        });
  }

  private static RerankingRows rows(Dataset data, RerankingEncoder encoder) {
    RerankingRows rows = RerankingRows.of(data, encoder);
    EncodedData.requireUsable(data, rows.report(), encoder.maxLength());
    return rows;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(RerankingRows::report), train.maxLength());
  }

  @Override
  public int batches() {
    return trainBatches().count();
  }

  /** Counts pairs: a row may have several, so a micro-batch can be full even with few rows. */
  @Override
  public LargestBatch largestBatch(int examples) {
    int pairs = Math.min(settings.batchSize(), train.lengths().length);
    return new LargestBatch(pairs, data().longest());
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<RerankingBatch>, R> action) {
    RerankingTrainingTask training =
        new RerankingTrainingTask(
            ((Decoder) network).choosingBeside(rejected, chosen), settings.objective().selection());
    return action.apply(new Training<>(training, trainBatches(), heldBatches(), adaptation));
  }

  private BatchSource<RerankingBatch> trainBatches() {
    EpochOrder order = new EpochOrder(/* shuffled= */ true, settings.seed());
    return batches(train, new LengthGroupedBatches(train.lengths(), settings.batchSize(), order));
  }

  private Optional<BatchSource<RerankingBatch>> heldBatches() {
    return held.map(
        rows ->
            batches(
                rows,
                new SequentialBatches(
                    rows.lengths().length, settings.batchSize(), EpochOrder.UNSHUFFLED)));
  }

  private BatchSource<RerankingBatch> batches(RerankingRows rows, BatchSampler sampler) {
    return ArrangedBatches.single(sampler, chosenRows -> batch(rows, chosenRows));
  }

  private RerankingBatch batch(RerankingRows rows, int[] pairs) {
    List<LabeledSample> samples = Arrays.stream(pairs).mapToObj(rows::sample).toList();
    float[] weights = new float[pairs.length];
    for (int i = 0; i < pairs.length; i++) {
      weights[i] = (float) rows.weight(pairs[i]);
    }
    return new RerankingBatch(TextBatch.of(samples, weights, paddingId), rows.queries(pairs));
  }
}
