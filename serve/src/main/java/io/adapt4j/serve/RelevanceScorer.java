package io.adapt4j.serve;

import io.adapt4j.core.TextClassifier;
import java.util.List;

/**
 * Scores how well documents answer a query. A reranker of the module {@code rag} can be used as
 * {@code reranker::scores}. Called by several threads.
 */
@FunctionalInterface
public interface RelevanceScorer {

  /**
   * Scores documents.
   *
   * @param query the query
   * @param documents their texts
   * @return one score per document, in order; higher is better
   */
  double[] scores(String query, List<String> documents);

  /**
   * Creates a scorer from a classifier of query and document pairs, such as
   * cross-encoder/ms-marco-MiniLM-L6-v2. A server scores the pairs of concurrent requests together.
   * With one class the score is that class's, with two the second one's; the meaning of the numbers
   * depends on the model.
   *
   * @param classifier the model, open for as long as the scorer is used
   * @return the scorer
   * @throws IllegalArgumentException if it has more than two classes
   */
  static RelevanceScorer of(TextClassifier classifier) {
    int classes = classifier.labels().size();
    if (classes > 2) {
      throw new IllegalArgumentException(
          "classifier: expected a model with one class or two, relevant or not, found "
              + classifier.labels());
    }
    PairScorer joined =
        new PairScorer(
            (queries, documents) ->
                classifier.classifyPairs(queries, documents).stream()
                    .map(found -> found.scores().get(classes - 1).score())
                    .toList());
    return joined::scores;
  }
}
