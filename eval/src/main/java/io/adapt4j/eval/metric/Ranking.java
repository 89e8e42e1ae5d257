package io.adapt4j.eval.metric;

import java.util.List;

/**
 * Search result of a query.
 *
 * @param query the query, which must be unique
 * @param documents names of the documents found, best first
 */
public record Ranking(String query, List<String> documents) {

  /** Copies the list. */
  public Ranking {
    documents = List.copyOf(documents);
  }
}
