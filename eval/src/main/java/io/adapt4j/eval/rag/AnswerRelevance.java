package io.adapt4j.eval.rag;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Relevance of answers to their questions (Es et al. 2023, "RAGAS: Automated Evaluation of
 * Retrieval Augmented Generation", equation 2): a judge writes questions that the answer would
 * answer, and the score is the mean cosine of their embeddings with that of the original question.
 * It does not measure whether the answers are right. Keeps sums only.
 */
public final class AnswerRelevance {
  private static final int QUESTIONS = 3;

  private final Judge judge;
  private final Function<List<String>, List<float[]>> embedder;
  private final int questions;
  private long rows;
  private double sum;

  /**
   * Creates a metric with three questions per answer and a judge that samples up to 64 tokens.
   *
   * @param judge writes the questions
   * @param embedder computes one vector per text, for instance {@code TextEmbedder::embedAll}
   */
  public AnswerRelevance(TextGenerator judge, Function<List<String>, List<float[]>> embedder) {
    this(
        judge,
        GenerationOptions.defaults().toBuilder().maxNewTokens(64).build(),
        embedder,
        QUESTIONS);
  }

  /**
   * Creates a metric.
   *
   * @param options generation options of the judge; each question of an answer has the next seed
   * @param embedder computes one vector per text
   * @param questions number of questions per answer, at least 1
   * @throws IllegalArgumentException if the number of questions is below 1
   */
  public AnswerRelevance(
      TextGenerator judge,
      GenerationOptions options,
      Function<List<String>, List<float[]>> embedder,
      int questions) {
    if (questions < 1) {
      throw new IllegalArgumentException("questions is " + questions + "; give at least 1");
    }
    this.judge = new Judge(judge, options);
    this.embedder = embedder;
    this.questions = questions;
  }

  /**
   * Scores an answer.
   *
   * @param question the question
   * @param answer the answer; an empty one scores 0
   * @return the row's score, from -1 to 1
   * @throws IllegalArgumentException if the question is blank
   */
  public double add(String question, String answer) {
    if (question.isBlank()) {
      throw new IllegalArgumentException("Row " + (rows + 1) + ": the question is blank");
    }
    double score = answer.isBlank() ? 0 : similarity(question, answer);
    rows++;
    sum += score;
    return score;
  }

  private double similarity(String question, String answer) {
    List<String> texts = new ArrayList<>();
    texts.add(question);
    judge.variants(prompt(answer), questions).stream()
        .filter(text -> !text.isEmpty())
        .forEach(texts::add);
    List<float[]> vectors = embedder.apply(texts);
    double similarity = 0;
    for (int i = 1; i < vectors.size(); i++) {
      similarity += Cosine.of(vectors.get(0), vectors.get(i));
    }
    // If the judge wrote nothing, nothing is similar.
    return similarity / questions;
  }

  private static String prompt(String answer) {
    return """
    Answer: %s

    Write the question that this answers. Write the question and nothing else.\
    """
        .formatted(answer.strip());
  }

  /**
   * Adds all counts of another.
   *
   * @param other a metric with the same judge and embedder
   */
  public void merge(AnswerRelevance other) {
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
      throw new IllegalStateException("Answer relevance of no rows is undefined; add one");
    }
    return sum / rows;
  }
}
