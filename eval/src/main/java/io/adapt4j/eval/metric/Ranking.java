package io.adapt4j.eval.metric;

import java.util.List;

/**
 * What a search found.
 *
 * @param query the query; each counts once
 * @param documents names of the documents found, best first
 */
public record Ranking(String query, List<String> documents) {

  /**
   * Copies the list.
   *
   * @param query the query; each counts once
   * @param documents names of the documents found, best first
   */
  public Ranking {
    documents = List.copyOf(documents);
  }
}
