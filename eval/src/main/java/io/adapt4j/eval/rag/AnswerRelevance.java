package io.adapt4j.eval.rag;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Whether answers deal with what was asked (Es et al. 2023, "RAGAS: Automated Evaluation of
 * Retrieval Augmented Generation", equation 2): a judge writes questions that the answer would
 * answer, and the score is the mean cosine of their embeddings with that of the question asked. It
 * says nothing of whether the answers are right. Keeps sums only.
 */
public final class AnswerRelevance {
  private static final int QUESTIONS = 3;

  private final Judge judge;
  private final Function<List<String>, List<float[]>> embedder;
  private final int questions;
  private long rows;
  private double sum;

  /**
   * Starts with no rows, three questions an answer and a judge that samples up to 64 tokens.
   *
   * @param judge writes the questions
   * @param embedder gives one vector a text, for instance {@code TextEmbedder::embedAll}
   */
  public AnswerRelevance(TextGenerator judge, Function<List<String>, List<float[]>> embedder) {
    this(
        judge,
        GenerationOptions.defaults().toBuilder().maxNewTokens(64).build(),
        embedder,
        QUESTIONS);
  }

  /**
   * Starts with no rows.
   *
   * @param judge writes the questions
   * @param options how it writes; each question of an answer has the next seed
   * @param embedder gives one vector a text
   * @param questions how many it writes for an answer, at least 1
   * @throws IllegalArgumentException if there would be no question
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
   * Judges an answer.
   *
   * @param question what was asked
   * @param answer what was answered; an empty one scores 0
   * @return the row's own score, from -1 to 1
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
    // Where the judge wrote nothing, nothing is similar.
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
   * Adds everything that another has counted.
   *
   * @param other one with the same judge and embedder
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
