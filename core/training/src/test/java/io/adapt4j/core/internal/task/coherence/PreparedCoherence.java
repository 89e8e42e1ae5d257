package io.adapt4j.core.internal.task.coherence;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.task.classification.ClassificationTrainingTask;
import io.adapt4j.core.internal.task.classification.LabelSet;
import io.adapt4j.core.internal.task.classification.TextBatches;
import io.adapt4j.core.internal.task.classification.TextEncoder;
import io.adapt4j.core.internal.task.classification.TextRows;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Halves of texts, each with its own other half and with another's. */
record PreparedCoherence(
    FineTuneSettings settings, TextRows train, Optional<TextRows> held, int paddingId)
    implements PreparedTask<TextBatch> {

  static PreparedCoherence of(FineTuneSettings settings, Tokenizer tokenizer) {
    LabelSet labels = LabelSet.of(settings.objective().model().labels());
    TextEncoder encoder =
        new TextEncoder(
            tokenizer, settings.lengthLimit(), ClassificationProblem.SINGLE_LABEL, labels);
    return EncodedData.encoded(
        () ->
            new PreparedCoherence(
                settings,
                rows(settings.train(), encoder),
                settings.validation().map(data -> rows(data, encoder)),
                tokenizer.paddingId()));
  }

  private static TextRows rows(Dataset texts, TextEncoder encoder) {
    List<Example> pairs = new ArrayList<>();
    for (int row = 0; row < texts.size(); row++) {
      String first = half(texts, row, 0);
      pairs.add(pair(first, half(texts, row, 1), "yes"));
      pairs.add(pair(first, half(texts, (row + 1) % texts.size(), 1), "no"));
    }
    TextRows rows = TextRows.of(Datasets.of(pairs), encoder);
    EncodedData.requireUsable(texts, rows.report(), encoder.maxLength());
    return rows;
  }

  private static String half(Dataset texts, int row, int which) {
    String text = ((Example.Text) texts.get(row)).text();
    int middle = text.indexOf(' ', text.length() / 2);
    return which == 0 ? text.substring(0, middle) : text.substring(middle + 1);
  }

  private static Example pair(String first, String second, String label) {
    return new Example.Classified(first, Optional.of(second), List.of(label));
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
            ClassificationProblem.SINGLE_LABEL,
            settings.objective().model().labels(),
            settings.objective().selection());
    return action.apply(
        new Training<>(
            training,
            trainBatches(),
            held.map(rows -> TextBatches.inOrder(rows, settings.batchSize(), paddingId)),
            adaptation));
  }

  private BatchSource<TextBatch> trainBatches() {
    return TextBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed());
  }
}
