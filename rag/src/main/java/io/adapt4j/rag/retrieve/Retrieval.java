package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.trace.Stage;
import java.util.List;

/**
 * Result of a retrieval.
 *
 * @param question the question
 * @param passages relevant passages, best first; empty if nothing is relevant enough
 * @param stages the stages of the retrieval
 */
public record Retrieval(String question, List<Passage> passages, List<Stage> stages) {

  /** Creates a result with its own copies of the lists. */
  public Retrieval {
    passages = List.copyOf(passages);
    stages = List.copyOf(stages);
  }
}
