package io.adapt4j.eval.failure;

import io.adapt4j.eval.spi.Outcome;
import java.util.List;

/**
 * A cluster of similar failures.
 *
 * @param words words that distinguish their texts from those of all items, the most distinctive
 *     first
 * @param outcomes the failures, those nearest to the center first
 * @param cohesion mean cosine of their vectors with the center, up to 1
 */
public record FailureCluster(List<String> words, List<Outcome> outcomes, double cohesion) {

  /** Copies the lists. */
  public FailureCluster {
    words = List.copyOf(words);
    outcomes = List.copyOf(outcomes);
  }

  /**
   * Returns the name of the cluster.
   *
   * @return its words, joined by commas
   */
  public String name() {
    return String.join(", ", words);
  }
}
