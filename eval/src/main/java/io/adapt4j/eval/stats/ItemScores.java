package io.adapt4j.eval.stats;

import java.util.LinkedHashMap;
import java.util.Map;

/** One model's figures by the ids of the rows, so that two models can be compared row by row. */
public final class ItemScores {

  private final Map<String, Double> scores = new LinkedHashMap<>();

  /** Begins with no items. */
  public ItemScores() {}

  /**
   * Adds a row.
   *
   * @param id its id
   * @param score the model's figure, larger where better
   * @throws IllegalArgumentException if the id was added before, or the figure is not finite
   */
  public void add(String id, double score) {
    int row = scores.size() + 1;
    if (scores.containsKey(id)) {
      throw new IllegalArgumentException(
          "Row " + row + ": id \"" + id + "\" was added before; each row needs its own");
    }
    if (!Double.isFinite(score)) {
      throw new IllegalArgumentException("Row " + row + " (id \"" + id + "\") scores " + score);
    }
    scores.put(id, score);
  }

  /**
   * Returns the figures.
   *
   * @return one a row, in the order in which they were added
   */
  public double[] values() {
    return scores.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /**
   * Returns the figures in the order of another model's rows.
   *
   * @param other the other model's figures
   * @return one a row
   * @throws IllegalArgumentException if an id is only on one side
   */
  public double[] inOrderOf(ItemScores other) {
    requireAll(other.scores, scores);
    requireAll(scores, other.scores);
    return other.scores.keySet().stream().mapToDouble(scores::get).toArray();
  }

  private static void requireAll(Map<String, Double> wanted, Map<String, Double> there) {
    int row = 0;
    for (String id : wanted.keySet()) {
      row++;
      if (!there.containsKey(id)) {
        throw new IllegalArgumentException(
            "Row " + row + " (id \"" + id + "\") of one model is missing from the other");
      }
    }
  }
}
