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

/** Strategy for paired or unpaired answers. */
interface PreferenceKind<B extends AnswerBatch<B>> {

  /**
   * Answers to train on.
   *
   * @param shuffled batches reshuffled every epoch
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

  /** Tokenizes data and rejects data without usable rows. */
  Data<B> data(Dataset dataset, ExampleEncoder encoder, FineTuneSettings settings);

  TrainingTask<B> task(Decoder decoder, ReferenceModel reference, BestModelMetric selection);

  /** Returns the number of texts per row in a forward and backward pass. */
  int texts();

  /** Paired answers. */
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

  /** Unpaired answers. */
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
