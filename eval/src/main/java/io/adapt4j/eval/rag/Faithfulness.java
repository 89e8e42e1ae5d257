package io.adapt4j.eval.rag;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Faithfulness of answers to their passages (Es et al. 2023, "RAGAS: Automated Evaluation of
 * Retrieval Augmented Generation", section 3): a judge splits an answer into statements and decides
 * for each whether the passages support it. The score is the mean share of supported statements.
 * Keeps sums only.
 *
 * <p>Prompts are Adapt4J's own, one request per answer and one per statement, so scores are not
 * comparable with those of the RAGAS package.
 */
public final class Faithfulness {

  private final Judge judge;
  private long rows;
  private long silent;
  private long unclear;
  private double sum;

  /**
   * Creates a metric with a judge that decodes greedily up to 512 tokens.
   *
   * @param judge extracts and checks statements
   */
  public Faithfulness(TextGenerator judge) {
    this(judge, GenerationOptions.greedy().toBuilder().maxNewTokens(512).build());
  }

  /**
   * Creates a metric.
   *
   * @param options generation options of the judge
   */
  public Faithfulness(TextGenerator judge, GenerationOptions options) {
    this.judge = new Judge(judge, options);
  }

  /**
   * A statement of an answer.
   *
   * @param statement the statement
   * @param supported whether the passages support it; empty if the judge said neither yes nor no,
   *     which counts as not supported
   */
  public record Verdict(String statement, Optional<Boolean> supported) {}

  /**
   * Scores an answer.
   *
   * @param question the question
   * @param answer the answer
   * @param passages the passages that the answer should be based on, at least one
   * @return its statements; empty if it states nothing, in which case it is left out of the score
   * @throws IllegalArgumentException if there is no passage
   */
  public List<Verdict> add(String question, String answer, List<String> passages) {
    if (passages.isEmpty()) {
      throw new IllegalArgumentException(
          "Row " + (rows + silent + 1) + ": there is no passage that the answer could rest on");
    }
    List<String> statements =
        answer.isBlank() ? List.of() : judge.lines(statementsPrompt(question, answer));
    List<Optional<Boolean>> supported =
        judge.yesOrNo(
            statements.stream().map(statement -> supportPrompt(statement, passages)).toList());
    List<Verdict> verdicts = new ArrayList<>();
    for (int i = 0; i < statements.size(); i++) {
      verdicts.add(new Verdict(statements.get(i), supported.get(i)));
    }
    count(verdicts);
    return verdicts;
  }

  private void count(List<Verdict> verdicts) {
    if (verdicts.isEmpty()) {
      silent++;
      return;
    }
    rows++;
    unclear += verdicts.stream().filter(verdict -> verdict.supported().isEmpty()).count();
    long right = verdicts.stream().filter(verdict -> verdict.supported().orElse(false)).count();
    sum += (double) right / verdicts.size();
  }

  private static String statementsPrompt(String question, String answer) {
    return """
    Question: %s
    Answer: %s

    List every statement of fact that the answer makes. Write one short sentence a line, each \
    understandable by itself, and nothing else.\
    """
        .formatted(question.strip(), answer.strip());
  }

  private static String supportPrompt(String statement, List<String> passages) {
    return """
    Text:
    %s

    Statement: %s

    Does the statement follow from the text alone? Answer yes or no.\
    """
        .formatted(String.join("\n\n", passages), statement);
  }

  /**
   * Adds all counts of another.
   *
   * @param other a metric with the same judge
   */
  public void merge(Faithfulness other) {
    rows += other.rows;
    silent += other.silent;
    unclear += other.unclear;
    sum += other.sum;
  }

  /** {@return the mean share of supported statements} */
  public OptionalDouble score() {
    return rows == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / rows);
  }

  /** {@return the number of answers that state nothing and are left out} */
  public long silent() {
    return silent;
  }

  /** {@return the number of statements for which the judge said neither yes nor no} */
  public long unclear() {
    return unclear;
  }
}
