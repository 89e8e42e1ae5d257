package io.adapt4j.eval.advise;

import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.List;

/**
 * Recommendation of an experiment.
 *
 * @param exam the exam's name
 * @param questions number of its questions
 * @param strategy the simplest strategy that is not significantly worse than the best
 * @param isConclusive whether no other strategy can be better by the margin or more, by the upper
 *     end of an interval; if one can, the exam is too small to decide
 * @param questionsNeeded approximate number of questions that would decide; that of the exam if it
 *     does
 * @param margin the relevant difference
 * @param standings the standing of each strategy, the simplest first
 */
public record Recommendation(
    String exam,
    int questions,
    Strategy strategy,
    boolean isConclusive,
    int questionsNeeded,
    double margin,
    List<Standing> standings) {

  /**
   * With n questions alike for two candidates, they may still differ on 3 / n of all questions, at
   * 95 % (Hanley and Lippman-Hand 1983, "If nothing goes wrong, is everything all right?").
   */
  private static final double RULE_OF_THREE = 3;

  /**
   * Standing of a strategy.
   *
   * @param strategy the strategy
   * @param score its score with an interval
   * @param timePerQuestion time per question, for all its choices together; zero if all replies
   *     were stored
   * @param lag distance behind the best
   * @param pValue probability of a difference at least this large if there is none; 1 for the best
   * @param isWorse whether it is significantly worse
   * @param isQuick whether it meets the time limit
   * @param ahead lead over the recommended strategy, below 0 if it is worse
   * @param mostAhead the upper end of that difference's interval
   */
  public record Standing(
      Strategy strategy,
      ConfidenceInterval score,
      Duration timePerQuestion,
      double lag,
      double pValue,
      boolean isWorse,
      boolean isQuick,
      double ahead,
      double mostAhead) {}

  /** Copies the standings. */
  public Recommendation {
    standings = List.copyOf(standings);
  }

  static Recommendation of(
      String exam, int questions, Strategy chosen, List<Standing> standings, double margin) {
    List<Standing> open =
        standings.stream()
            .filter(
                standing ->
                    standing.strategy() != chosen && standing.isQuick() && !standing.isWorse())
            .filter(item -> mostAhead(item, questions) >= margin)
            .toList();
    int needed = open.stream().mapToInt(item -> needed(questions, item, margin)).max().orElse(0);
    return new Recommendation(
        exam,
        questions,
        chosen,
        open.isEmpty(),
        open.isEmpty() ? questions : needed,
        margin,
        standings);
  }

  private static double mostAhead(Standing item, int questions) {
    return Math.max(item.mostAhead(), RULE_OF_THREE / questions);
  }

  /**
   * Half an interval's width shrinks with the root of the number of questions: returns enough that,
   * with the lead as measured, the interval either excludes 0 or stays below the margin.
   */
  private static int needed(int questions, Standing standing, double margin) {
    double half = standing.mostAhead() - standing.ahead();
    double room = Math.max(standing.ahead(), margin - standing.ahead());
    double times = Math.pow(half / room, 2);
    return 1 + (int) Math.ceil(Math.max(questions * times, RULE_OF_THREE / margin));
  }

  /**
   * Returns the standing of the recommended strategy.
   *
   * @return its standing
   */
  public Standing chosen() {
    return standings.stream()
        .filter(standing -> standing.strategy() == strategy)
        .findFirst()
        .orElseThrow();
  }

  /**
   * Returns the strategy with the best score of those that meet the time limit.
   *
   * @return the best; of equal ones the simplest
   */
  public Strategy best() {
    return standings.stream()
        .filter(standing -> standing.isQuick() && standing.lag() <= 0)
        .findFirst()
        .orElseThrow()
        .strategy();
  }

  /**
   * Formats the recommendation, with a table in Markdown.
   *
   * @return lines of text
   */
  public String text() {
    return RecommendationText.of(this);
  }
}
