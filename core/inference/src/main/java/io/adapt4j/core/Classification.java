package io.adapt4j.core;

import java.util.List;

/**
 * The class scores of a text.
 *
 * @param scores one per class, in the model's order
 */
public record Classification(List<LabelScore> scores) {

  /** Copies the scores. */
  public Classification {
    scores = List.copyOf(scores);
  }

  /**
   * The score of a class.
   *
   * @param label the name of the class
   * @param score a probability; for regression the model's raw output
   */
  public record LabelScore(String label, double score) {}

  /**
   * Returns the class with the highest score.
   *
   * @return its label; of equal scores the first
   */
  public String label() {
    return best().label();
  }

  /**
   * Returns the highest score.
   *
   * @return the score of {@link #label}
   */
  public double score() {
    return best().score();
  }

  /**
   * Returns the score of a class.
   *
   * @param label the name of the class
   * @return its score
   * @throws IllegalArgumentException if there is no such class
   */
  public double score(String label) {
    return scores.stream()
        .filter(score -> score.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "label: expected one of %s, found '%s'"
                        .formatted(scores.stream().map(LabelScore::label).toList(), label)))
        .score();
  }

  private LabelScore best() {
    return scores.stream()
        .reduce((score, other) -> other.score() > score.score() ? other : score)
        .orElseThrow();
  }
}
