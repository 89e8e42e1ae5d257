package io.adapt4j.core.internal.task.reranking;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Accuracy of the answers, and mean reciprocal rank of the first relevant document among those of
 * its query. Ties count against it. A document is relevant if its label exceeds 0.5.
 */
final class RerankingScores {

  static final String ACCURACY = "accuracy";
  static final String MRR = "mrr";

  private static final float HALF = 0.5f;

  private final Map<Integer, List<Scored>> documents = new HashMap<>();
  private int all;
  private int right;

  private record Scored(float logit, boolean relevant) {}

  void add(RerankingBatch batch, float[] logits) {
    for (int i = 0; i < logits.length; i++) {
      boolean relevant = batch.texts().values()[i] > HALF;
      documents
          .computeIfAbsent(batch.queries()[i], query -> new ArrayList<>())
          .add(new Scored(logits[i], relevant));
      boolean answeredYes = logits[i] > 0;
      all++;
      right += answeredYes == relevant ? 1 : 0;
    }
  }

  Map<String, Double> metrics() {
    double reciprocal = 0;
    int queries = 0;
    for (List<Scored> ofQuery : documents.values()) {
      OptionalInt rank = rank(ofQuery);
      if (rank.isPresent()) {
        reciprocal += 1.0 / rank.getAsInt();
        queries++;
      }
    }
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(ACCURACY, all == 0 ? 0 : (double) right / all);
    metrics.put(MRR, queries == 0 ? 0 : reciprocal / queries);
    return metrics;
  }

  /** Returns the rank of the best relevant document; empty if there is none. */
  private static OptionalInt rank(List<Scored> documents) {
    return documents.stream()
        .filter(Scored::relevant)
        .mapToInt(
            own ->
                1
                    + (int)
                        documents.stream()
                            .filter(
                                document -> !document.relevant() && document.logit() >= own.logit())
                            .count())
        .min();
  }
}
