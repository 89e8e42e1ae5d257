package io.adapt4j.rag.spi;

import java.util.List;

/** Scores passages by reading them together with the question. */
@FunctionalInterface
public interface Reranker {

  /**
   * Scores passages.
   *
   * @param question the question
   * @param passages their texts
   * @return one score per passage, in order; higher is better
   */
  double[] scores(String question, List<String> passages);
}
