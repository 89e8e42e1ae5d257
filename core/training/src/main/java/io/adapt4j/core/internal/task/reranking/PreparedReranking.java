package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.task.RerankingTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Reranker training with encoded data. */
final class PreparedReranking extends PreparedRows<RerankingBatch> {

  private PreparedReranking(
      FineTuneSettings settings,
      RerankingEncoder encoder,
      int paddingId,
      int rejected,
      int chosen) {
    super(
        settings,
        encoder.maxLength(),
        data -> rows(data, encoder, paddingId),
        network ->
            new RerankingTrainingTask(
                ((Decoder) network).choosingBeside(rejected, chosen),
                settings.objective().selection()));
  }

  static PreparedReranking of(RerankingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    Path folder = settings.objective().model().folder();
    int most = settings.lengthLimit();
    return new PreparedReranking(
        settings,
        new RerankingEncoder(new ChoicePrompt(tokenizer, most), task.instruction(), most),
        paddingId(settings, tokenizer),
        ChoicePrompt.id(folder, tokenizer, ChoicePrompt.REJECTED),
        ChoicePrompt.id(folder, tokenizer, ChoicePrompt.CHOSEN));
  }

  private static RowBatches<RerankingBatch> rows(
      Dataset data, RerankingEncoder encoder, int paddingId) {
    Map<String, Integer> known = new HashMap<>();
    IntStream.Builder numbers = IntStream.builder();
    EncodedRows<RerankingSample> rows =
        EncodedRows.of(
            data,
            encoder,
            sample -> numbers.add(known.computeIfAbsent(sample.query(), query -> known.size())));
    int[] queries = numbers.build().toArray();
    return rows.collated(
            (samples, weights, chosen) ->
                new RerankingBatch(
                    texts(samples, weights, paddingId),
                    Arrays.stream(chosen).map(sample -> queries[sample]).toArray()))
        .groupedByLength();
  }

  private static TextBatch texts(List<RerankingSample> samples, float[] weights, int paddingId) {
    float[] labels = new float[samples.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = samples.get(i).label();
    }
    Batch texts = Batch.padded(samples.stream().map(RerankingSample::ids).toList(), paddingId);
    return new TextBatch(texts, /* ofTokens= */ false, labels, weights);
  }

  /** Counts pairs: a row may have several, so a micro-batch can be full even with few rows. */
  @Override
  public LargestBatch largestBatch(int examples) {
    int pairs = Math.min(settings().batchSize(), train().size());
    return new LargestBatch(pairs, data().longest());
  }
}
