package io.adapt4j.serve;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.JoinedInputs;
import java.util.List;
import java.util.function.BiFunction;

/** Scores the pairs of concurrent requests together. */
final class PairScorer {

  /** A query with a document. */
  private record Pair(String query, String document) {}

  private final JoinedInputs<Pair, Double> joined;

  /** Creates a scorer by a model of queries with as many documents. */
  PairScorer(BiFunction<List<String>, List<String>, List<Double>> model) {
    joined =
        new JoinedInputs<>(
            pairs ->
                model.apply(
                    pairs.stream().map(Pair::query).toList(),
                    pairs.stream().map(Pair::document).toList()));
  }

  double[] scores(String query, List<String> documents) {
    List<Pair> pairs = documents.stream().map(document -> new Pair(query, document)).toList();
    return joined.compute(pairs, new CancellationToken()).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }
}
