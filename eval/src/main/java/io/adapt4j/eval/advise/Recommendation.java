package io.adapt4j.eval.advise;

import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.List;

/**
 * What an experiment recommends.
 *
 * @param exam the exam's name
 * @param questions how many it has
 * @param strategy the simplest strategy that is not significantly worse than the best
 * @param isConclusive whether no other can be better by the margin or more, by the upper end of an
 *     interval; if one can, the exam is too small to tell
 * @param questionsNeeded about how many questions would tell; those of the exam where it does
 * @param margin the difference that would matter
 * @param standings how each strategy did, the simplest first
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
   * How an strategy did.
   *
   * @param strategy the strategy
   * @param score its score with an interval
   * @param timePerQuestion the time that it took, all answers to choose from together; zero where
   *     all replies were kept from before
   * @param lag how much worse it is than the best
   * @param pValue how likely a difference at least so large is where there is none; 1 for the best
   * @param isWorse whether it is significantly worse
   * @param isQuick whether it keeps to the time limit
   * @param ahead how much better it is than the recommended strategy, below 0 if it is worse
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

  /**
   * Copies the standings.
   *
   * @param exam the exam's name
   * @param questions how many it has
   * @param strategy the simplest strategy that is not significantly worse than the best
   * @param isConclusive whether no other can be better by the margin or more, by the upper end of
   *     an interval; if one can, the exam is too small to tell
   * @param questionsNeeded about how many questions would tell; those of the exam where it does
   * @param margin the difference that would matter
   * @param standings how each strategy did, the simplest first
   */
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
   * An interval's half narrows with the root of the questions: enough that, with the lead as
   * measured, it either leaves 0 or stays below the margin.
   */
  private static int needed(int questions, Standing standing, double margin) {
    double half = standing.mostAhead() - standing.ahead();
    double room = Math.max(standing.ahead(), margin - standing.ahead());
    double times = Math.pow(half / room, 2);
    return 1 + (int) Math.ceil(Math.max(questions * times, RULE_OF_THREE / margin));
  }

  /**
   * Finds the standing of the recommended strategy.
   *
   * @return how it did
   */
  public Standing chosen() {
    return standings.stream()
        .filter(standing -> standing.strategy() == strategy)
        .findFirst()
        .orElseThrow();
  }

  /**
   * Finds the strategy with the best score of those that keep to the time limit.
   *
   * @return of equal ones the simplest
   */
  public Strategy best() {
    return standings.stream()
        .filter(standing -> standing.isQuick() && standing.lag() <= 0)
        .findFirst()
        .orElseThrow()
        .strategy();
  }

  /**
   * Writes the recommendation for a reader, with a table in Markdown.
   *
   * @return lines of text
   */
  public String text() {
    return RecommendationText.of(this);
  }
}
