package io.adapt4j.eval.rag;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * A cheap substitute for {@link Faithfulness} without a judge: the mean cosine similarity of each
 * sentence of an answer with the nearest sentence of the passages. Embeddings hardly reflect a
 * wrong number or a "not", so a high score is no proof. Keeps sums only.
 */
public final class EmbeddingGrounding {

  private final Function<List<String>, List<float[]>> embedder;
  private long rows;
  private double sum;

  /**
   * Creates a metric.
   *
   * @param embedder computes one vector per text, for instance {@code TextEmbedder::embedAll}
   */
  public EmbeddingGrounding(Function<List<String>, List<float[]>> embedder) {
    this.embedder = embedder;
  }

  /**
   * Adds an answer.
   *
   * @param answer the answer
   * @param passages the passages that the answer should be based on
   * @return the row's score, from -1 to 1
   * @throws IllegalArgumentException if the answer or all passages are blank
   */
  public double add(String answer, List<String> passages) {
    List<String> said = sentences(answer);
    List<String> known = passages.stream().flatMap(text -> sentences(text).stream()).toList();
    if (said.isEmpty() || known.isEmpty()) {
      throw new IllegalArgumentException(
          "Row " + (rows + 1) + ": the answer or all passages are blank; leave the row out");
    }
    List<String> texts = new ArrayList<>(said);
    texts.addAll(known);
    List<float[]> vectors = embedder.apply(texts);
    List<float[]> knownVectors = vectors.subList(said.size(), vectors.size());
    double score =
        vectors.subList(0, said.size()).stream()
            .mapToDouble(vector -> nearest(vector, knownVectors))
            .average()
            .orElseThrow();
    rows++;
    sum += score;
    return score;
  }

  private static double nearest(float[] vector, List<float[]> others) {
    return others.stream()
        .mapToDouble(candidate -> Cosine.of(vector, candidate))
        .max()
        .orElseThrow();
  }

  private static List<String> sentences(String text) {
    BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
    breaks.setText(text);
    List<String> sentences = new ArrayList<>();
    int from = breaks.first();
    for (int to = breaks.next(); to != BreakIterator.DONE; to = breaks.next()) {
      String sentence = text.substring(from, to).strip();
      if (!sentence.isEmpty()) {
        sentences.add(sentence);
      }
      from = to;
    }
    return sentences;
  }

  /**
   * Adds all counts of another.
   *
   * @param other a metric with the same embedder
   */
  public void merge(EmbeddingGrounding other) {
    rows += other.rows;
    sum += other.sum;
  }

  /**
   * Returns the mean of the rows.
   *
   * @return from -1 to 1
   * @throws IllegalStateException if there are no rows
   */
  public double score() {
    if (rows == 0) {
      throw new IllegalStateException("Grounding of no rows is undefined; add one");
    }
    return sum / rows;
  }
}
