package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.metric.Ranking;
import io.adapt4j.eval.metric.RetrievalScores;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Results of a search method on the queries of a collection. */
record RankedRun(String name, Map<String, RetrievalScores> perQuery) {

  private static final int[] CUTOFFS = {10, 30, 100};

  /** Runs the search for every query. */
  static RankedRun of(
      String name, TestCollection collection, Function<String, List<String>> search) {
    Map<String, RetrievalScores> perQuery = new LinkedHashMap<>();
    collection
        .queries()
        .forEach(
            (id, text) -> {
              perQuery.put(
                  id,
                  Metrics.retrieval(CUTOFFS)
                      .of(new Ranking(id, search.apply(text)), collection.grades().get(id)));
            });
    return new RankedRun(name, perQuery);
  }

  double ndcg() {
    return mean(retrievalScores -> retrievalScores.ndcg(10));
  }

  double map() {
    return mean(RetrievalScores::meanAveragePrecision);
  }

  double precision() {
    return mean(retrievalScores -> retrievalScores.precision(30));
  }

  double recall() {
    return mean(retrievalScores -> retrievalScores.recall(100));
  }

  private double mean(ToDoubleFunction<RetrievalScores> figure) {
    return perQuery.values().stream().mapToDouble(figure).average().orElseThrow();
  }

  /** Compares nDCG@10 query by query. */
  Comparison compare(RankedRun other) {
    return Bootstrap.DEFAULT.compare(ndcgs(), other.ndcgs());
  }

  private double[] ndcgs() {
    return perQuery.values().stream()
        .mapToDouble(retrievalScores -> retrievalScores.ndcg(10))
        .toArray();
  }
}
