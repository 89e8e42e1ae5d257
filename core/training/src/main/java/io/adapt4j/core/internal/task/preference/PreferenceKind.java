package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.TrainingTask;

/** Strategy for paired or unpaired answers. */
interface PreferenceKind<B extends AnswerBatch<B>> {

  /** Tokenizes data and masks some rows, if the kind can. */
  RowBatches<B> rows(Dataset dataset, RowMask mask, ExampleEncoder encoder);

  TrainingTask<B> task(Decoder decoder, ReferenceModel reference, BestModelMetric selection);

  /** Returns the number of texts per row in a forward and backward pass. */
  int texts();

  /** Paired answers. */
  record Pairs(PairLoss loss) implements PreferenceKind<PreferenceBatch> {

    @Override
    public RowBatches<PreferenceBatch> rows(Dataset dataset, RowMask mask, ExampleEncoder encoder) {
      return PreferenceSample.batches(
          PreferenceSample.rows(dataset, mask, encoder), encoder.paddingId());
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
    public RowBatches<UnpairedBatch> rows(Dataset dataset, RowMask mask, ExampleEncoder encoder) {
      return new UnpairedRows(dataset, encoder).batches(encoder.paddingId());
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
