package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.metric.ClassTable;
import io.adapt4j.core.internal.metric.Counts;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Scores of multi-label classification; a class is predicted if its probability exceeds 0.5. */
final class LabelScoring extends TextScores {

  private final List<String> labels;
  private final Counts[] counts;
  private long texts;
  private long exact;

  LabelScoring(List<String> labels) {
    this.labels = labels;
    this.counts = new Counts[labels.size()];
    Arrays.fill(counts, Counts.NONE);
  }

  @Override
  void add(TextBatch batch, float[] logits) {
    int width = labels.size();
    for (int text = 0; text < batch.rows(); text++) {
      boolean allRight = true;
      for (int label = 0; label < width; label++) {
        boolean truth = batch.values()[text * width + label] == 1;
        boolean predicted = logits[text * width + label] > 0;
        counts[label] =
            counts[label].plus(
                new Counts(
                    truth && predicted ? 1 : 0,
                    predicted && !truth ? 1 : 0,
                    truth && !predicted ? 1 : 0));
        allRight &= truth == predicted;
      }
      texts++;
      exact += allRight ? 1 : 0;
    }
  }

  private ClassTable table() {
    return new ClassTable(labels, List.of(counts));
  }

  @Override
  void fill(Map<String, Double> metrics) {
    metrics.put("micro_f1", table().microF1());
    metrics.put("macro_f1", table().macroF1());
    metrics.put("exact_match", texts == 0 ? 0 : (double) exact / texts);
  }

  @Override
  String text() {
    return table().text();
  }

  @Override
  void json(ObjectNode into) {
    into.set("classes", table().json());
  }
}
