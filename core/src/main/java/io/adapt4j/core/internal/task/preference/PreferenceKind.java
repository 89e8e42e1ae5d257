package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.function.Function;

/** What pairs and unpaired answers differ in. */
interface PreferenceKind<B extends AnswerBatch<B>> {

  /**
   * Answers that can be learned from.
   *
   * @param shuffled batches in an order of each epoch's own
   */
  record Data<B>(EncodingReport report, int size, BatchSource<B> inOrder, BatchSource<B> shuffled) {

    static <B> Data<B> of(
        EncodingReport report,
        int size,
        FineTuneSettings settings,
        Function<EpochOrder, BatchSource<B>> batches) {
      return new Data<>(
          report, size, batches.apply(EpochOrder.UNSHUFFLED), batches.apply(settings.order()));
    }
  }

  /** Tokenizes data; refuses data of which nothing is left. */
  Data<B> data(Dataset dataset, ExampleEncoder encoder, FineTuneSettings settings);

  TrainingTask<B> task(Decoder decoder, ReferenceModel reference, BestModelMetric selection);

  /** Texts that are differentiated together of each row of a batch. */
  int texts();

  /** A loss of pairs. */
  record Pairs(PairLoss loss) implements PreferenceKind<PreferenceBatch> {

    @Override
    public Data<PreferenceBatch> data(
        Dataset dataset, ExampleEncoder encoder, FineTuneSettings settings) {
      PreferenceRows rows = PreferenceRows.of(dataset, encoder);
      EncodedData.requireUsable(dataset, rows.report(), encoder.maxLength());
      return Data.of(
          rows.report(),
          rows.size(),
          settings,
          order -> PreferenceBatches.of(rows, settings.batchSize(), encoder.paddingId(), order));
    }

    @Override
    public TrainingTask<PreferenceBatch> task(
        Decoder decoder, ReferenceModel reference, BestModelMetric selection) {
      return new PreferencePairs(decoder, loss, reference, selection);
    }

    @Override
    public int texts() {
      return 2;
    }
  }

  /** A loss of answers by themselves. */
  record Unpaired(Kto loss) implements PreferenceKind<UnpairedBatch> {

    @Override
    public Data<UnpairedBatch> data(
        Dataset dataset, ExampleEncoder encoder, FineTuneSettings settings) {
      UnpairedRows rows = UnpairedRows.of(dataset, encoder);
      EncodedData.requireUsable(dataset, rows.report(), encoder.maxLength());
      return Data.of(
          rows.report(),
          rows.size(),
          settings,
          order -> UnpairedBatches.of(rows, settings.batchSize(), encoder.paddingId(), order));
    }

    @Override
    public TrainingTask<UnpairedBatch> task(
        Decoder decoder, ReferenceModel reference, BestModelMetric selection) {
      return new UnpairedAnswers(decoder, loss, reference, selection);
    }

    @Override
    public int texts() {
      return 1;
    }
  }
}
