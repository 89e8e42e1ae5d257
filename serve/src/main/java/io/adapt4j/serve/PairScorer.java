package io.adapt4j.serve;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.JoinedInputs;
import java.util.List;
import java.util.function.BiFunction;

/** A scorer by a model that scores the pairs of concurrent requests together. */
final class PairScorer implements RelevanceScorer {

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

  @Override
  public double[] scores(String query, List<String> documents) {
    return scores(query, documents, new CancellationToken());
  }

  /** Scores documents. Throws a CancellationException if nobody waits any more. */
  double[] scores(String query, List<String> documents, CancellationToken cancellation) {
    List<Pair> pairs = documents.stream().map(document -> new Pair(query, document)).toList();
    return joined.compute(pairs, cancellation).stream().mapToDouble(Double::doubleValue).toArray();
  }
}
