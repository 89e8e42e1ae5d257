package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.metric.Confusion;
import io.adapt4j.core.internal.metric.Counts;
import io.adapt4j.core.internal.metric.Entities;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Scores of one class per text or token; for tokens with IOB labels also of entities. */
final class ClassScoring extends TextScores {

  private final List<String> labels;
  private final boolean marked;
  private final Confusion confusion;
  private Counts entities = Counts.NONE;

  ClassScoring(List<String> labels, boolean ofTokens) {
    this.labels = labels;
    this.marked = ofTokens && Entities.areMarked(labels);
    this.confusion = new Confusion(labels);
  }

  @Override
  void add(TextBatch batch, float[] logits) {
    int width = labels.size();
    int target = 0;
    int perText = batch.ofTokens() ? batch.length() : 1;
    for (int text = 0; text < batch.rows(); text++) {
      List<String> truth = new ArrayList<>();
      List<String> predicted = new ArrayList<>();
      for (int i = text * perText; i < (text + 1) * perText; i++) {
        int label = Math.toIntExact(batch.labels()[i]);
        if (label != TrainingSample.IGNORED) {
          int found = largest(logits, target * width, width);
          confusion.add(label, found);
          truth.add(labels.get(label));
          predicted.add(labels.get(found));
          target++;
        }
      }
      if (marked) {
        entities = entities.plus(Entities.compare(truth, predicted));
      }
    }
  }

  private static int largest(float[] logits, int from, int width) {
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (logits[from + i] > logits[from + best]) {
        best = i;
      }
    }
    return best;
  }

  @Override
  void fill(Map<String, Double> metrics) {
    metrics.put("accuracy", confusion.accuracy());
    metrics.put("macro_f1", confusion.table().macroF1());
    if (marked) {
      metrics.put("entity_precision", entities.precision());
      metrics.put("entity_recall", entities.recall());
      metrics.put("entity_f1", entities.f1());
    }
  }

  @Override
  String text() {
    return confusion.text();
  }

  @Override
  void json(ObjectNode into) {
    confusion.json(into);
  }
}
