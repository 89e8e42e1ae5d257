package io.adapt4j.core.score;

import java.util.List;

/**
 * Predictions for one mask token.
 *
 * @param candidates the most likely tokens, in descending order
 */
public record MaskPrediction(List<Candidate> candidates) {

  /** Copies the candidates. */
  public MaskPrediction {
    candidates = List.copyOf(candidates);
  }

  /**
   * A candidate token.
   *
   * @param id the token's id
   * @param text the token as text
   * @param probability probability of the token over the whole vocabulary
   */
  public record Candidate(int id, String text, double probability) {}

  /**
   * Returns the most likely token.
   *
   * @return the first candidate
   */
  public Candidate best() {
    return candidates.get(0);
  }
}
