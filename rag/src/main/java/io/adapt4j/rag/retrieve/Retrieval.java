package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.trace.Stage;
import java.util.List;

/**
 * What was found for a question.
 *
 * @param question the question
 * @param passages what may answer it, the best first; empty if nothing is relevant enough
 * @param stages how they were found
 */
public record Retrieval(String question, List<Passage> passages, List<Stage> stages) {

  /**
   * Makes a result with its own copies of the lists.
   *
   * @param question the question
   * @param passages what may answer it, the best first; empty if nothing is relevant enough
   * @param stages how they were found
   */
  public Retrieval {
    passages = List.copyOf(passages);
    stages = List.copyOf(stages);
  }
}
