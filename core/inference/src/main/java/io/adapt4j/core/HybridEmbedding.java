package io.adapt4j.core;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

/**
 * Embeddings of a text: a dense vector, and, if the model has the layers, sparse token weights and
 * a vector per token (Chen et al. 2024).
 */
public final class HybridEmbedding {

  private final float[] dense;
  private final Map<Integer, Float> lexical;
  private final float[][] tokens;

  HybridEmbedding(float[] dense, Map<Integer, Float> lexical, float[][] tokens) {
    this.dense = dense;
    this.lexical = Map.copyOf(lexical);
    this.tokens = tokens;
  }

  /** {@return the dense vector of the text} */
  public float[] dense() {
    return dense.clone();
  }

  /**
   * Returns the sparse weights of the text's tokens for lexical matching.
   *
   * @return weights above 0 by token id; empty if the model has no layer for them
   */
  public Map<Integer, Float> lexical() {
    return lexical;
  }

  /**
   * Returns a vector of length 1 for each token but the first.
   *
   * @return one row per token; empty if the model has no layer for them
   */
  public float[][] tokens() {
    return Arrays.stream(tokens).map(float[]::clone).toArray(float[][]::new);
  }

  /**
   * Compares the dense vectors of two texts.
   *
   * @param other embedding of the other text, by the same model
   * @return the dot product; the cosine if the model normalizes
   */
  public double denseScore(HybridEmbedding other) {
    Objects.requireNonNull(other, "other");
    return product(dense, other.dense);
  }

  /**
   * Compares the sparse weights of two texts.
   *
   * @param other embedding of the other text, by the same model
   * @return the dot product over the tokens that both have
   */
  public double lexicalScore(HybridEmbedding other) {
    Objects.requireNonNull(other, "other");
    double sum = 0;
    for (Map.Entry<Integer, Float> entry : lexical.entrySet()) {
      sum += (double) entry.getValue() * other.lexical.getOrDefault(entry.getKey(), 0f);
    }
    return sum;
  }

  /**
   * Computes the late-interaction score (MaxSim, Khattab and Zaharia 2020): each token of this
   * text, a query, is matched with the nearest token of a passage.
   *
   * @param passage embedding of the passage, by the same model
   * @return the mean over the query's tokens of the largest cosine; 0 if one has no tokens
   */
  public double maxSim(HybridEmbedding passage) {
    Objects.requireNonNull(passage, "passage");
    if (tokens.length == 0 || passage.tokens.length == 0) {
      return 0;
    }
    double sum = 0;
    for (float[] token : tokens) {
      double best = Double.NEGATIVE_INFINITY;
      for (float[] other : passage.tokens) {
        best = Math.max(best, product(token, other));
      }
      sum += best;
    }
    return sum / tokens.length;
  }

  private static double product(float[] left, float[] right) {
    if (left.length != right.length) {
      throw new IllegalArgumentException(
          "other: expected a text embedded by the same model, found vectors of the widths %s and %s"
              .formatted(left.length, right.length));
    }
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }
}
