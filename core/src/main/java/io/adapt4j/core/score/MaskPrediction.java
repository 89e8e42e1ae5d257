package io.adapt4j.core.score;

import java.util.List;

/**
 * What a model predicts instead of one mask token.
 *
 * @param candidates the likeliest tokens, the likeliest first
 */
public record MaskPrediction(List<Candidate> candidates) {

  /**
   * Makes a prediction with its own copy of the candidates.
   *
   * @param candidates the likeliest tokens, at least one
   */
  public MaskPrediction {
    candidates = List.copyOf(candidates);
  }

  /**
   * A token that may stand there.
   *
   * @param id the token's id
   * @param text the token as text
   * @param probability of the token among all of the vocabulary
   */
  public record Candidate(int id, String text, double probability) {}

  /**
   * Returns the likeliest token.
   *
   * @return the first candidate
   */
  public Candidate best() {
    return candidates.get(0);
  }
}
