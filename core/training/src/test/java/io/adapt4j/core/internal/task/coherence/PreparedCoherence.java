package io.adapt4j.core.internal.task.coherence;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.classification.ClassificationTrainingTask;
import io.adapt4j.core.internal.task.classification.LabelSet;
import io.adapt4j.core.internal.task.classification.TextEncoder;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Halves of texts, each with its own other half and with another's. */
final class PreparedCoherence {

  private PreparedCoherence() {}

  static PreparedTask<?> of(FineTuneSettings settings, Tokenizer tokenizer) {
    List<String> labels = settings.objective().model().labels();
    TextEncoder encoder =
        new TextEncoder(
            tokenizer,
            settings.lengthLimit(),
            ClassificationProblem.SINGLE_LABEL,
            LabelSet.of(labels));
    return new PreparedRows<>(
        settings,
        encoder.maxLength(),
        texts -> encoder.rows(pairs(texts), tokenizer.paddingId()),
        network ->
            new ClassificationTrainingTask(
                (Encoder) network,
                ClassificationProblem.SINGLE_LABEL,
                labels,
                settings.objective().selection()));
  }

  private static Dataset pairs(Dataset texts) {
    List<Example> pairs = new ArrayList<>();
    for (int row = 0; row < texts.size(); row++) {
      String first = half(texts, row, 0);
      pairs.add(pair(first, half(texts, row, 1), "yes"));
      pairs.add(pair(first, half(texts, (row + 1) % texts.size(), 1), "no"));
    }
    return Datasets.of(pairs);
  }

  private static String half(Dataset texts, int row, int which) {
    String text = ((Example.Text) texts.get(row)).text();
    int middle = text.indexOf(' ', text.length() / 2);
    return which == 0 ? text.substring(0, middle) : text.substring(middle + 1);
  }

  private static Example pair(String first, String second, String label) {
    return new Example.Classified(first, Optional.of(second), List.of(label));
  }
}
