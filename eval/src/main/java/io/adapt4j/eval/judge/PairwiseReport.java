package io.adapt4j.eval.judge;

import io.adapt4j.eval.Cost;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Results of pairwise judging.
 *
 * @param wins pairs whose first answer is preferred in both orders
 * @param ties pairs that are equal, tied in both orders, or on which the orders disagree
 * @param losses pairs whose second answer is preferred in both orders
 * @param malformed pairs with a verdict that cannot be read; not counted
 * @param disagreements pairs on which the orders disagree
 * @param winRate wins plus half of the ties as a share of the pairs that could be judged, with its
 *     bootstrap interval; empty if there are none
 * @param positionBias share of verdicts that prefer the answer shown first minus the share that
 *     prefers the one shown second, from -1 to 1; 0 is unbiased. Each pair is shown in both orders,
 *     so that a better answer does not change it. Empty if no pair was judged in both
 * @param verdicts one per pair, in order
 * @param cost the cost of the judge
 */
public record PairwiseReport(
    long wins,
    long ties,
    long losses,
    long malformed,
    long disagreements,
    Optional<ConfidenceInterval> winRate,
    OptionalDouble positionBias,
    List<Verdict> verdicts,
    Cost cost) {

  /** Copies the verdicts. */
  public PairwiseReport {
    verdicts = List.copyOf(verdicts);
  }

  /** Results of a pair. */
  public enum Result {
    /** The first answer is better. */
    WIN,
    /** Neither is, or the orders disagree. */
    TIE,
    /** The second answer is better. */
    LOSS,
    /** A verdict cannot be read. */
    MALFORMED
  }

  /**
   * A pair and the judge's verdicts.
   *
   * @param pair the pair
   * @param inOrder with the first answer shown first: 1 prefers the pair's first answer, -1 its
   *     second, 0 neither; empty if malformed
   * @param swapped the same with the second answer shown first; 1 still prefers the pair's first
   *     answer
   * @param reasons the judge's reply with the first answer shown first; empty for equal answers,
   *     which are not judged
   * @param swappedReasons its reply in the other order
   */
  public record Verdict(
      AnswerPair pair,
      OptionalInt inOrder,
      OptionalInt swapped,
      String reasons,
      String swappedReasons) {

    /**
     * Combines both orders.
     *
     * @return the result of the pair
     */
    public Result result() {
      if (inOrder.isEmpty() || swapped.isEmpty()) {
        return Result.MALFORMED;
      }
      if (disagrees() || inOrder.getAsInt() == 0) {
        return Result.TIE;
      }
      return inOrder.getAsInt() > 0 ? Result.WIN : Result.LOSS;
    }

    /** {@return whether the judge disagrees with itself in the other order} */
    public boolean disagrees() {
      return inOrder.isPresent() && swapped.isPresent() && !inOrder.equals(swapped);
    }

    private boolean isJudged() {
      return result() != Result.MALFORMED && !reasons.isEmpty();
    }

    /** 2 if both orders prefer the answer shown first, -2 if both prefer the other. */
    private int towardsFirst() {
      return inOrder.getAsInt() - swapped.getAsInt();
    }
  }

  static PairwiseReport of(List<Verdict> verdicts, Cost cost, Bootstrap bootstrap) {
    double[] scores =
        verdicts.stream()
            .filter(verdict -> verdict.result() != Result.MALFORMED)
            .mapToDouble(PairwiseReport::score)
            .toArray();
    return new PairwiseReport(
        count(verdicts, Result.WIN),
        count(verdicts, Result.TIE),
        count(verdicts, Result.LOSS),
        count(verdicts, Result.MALFORMED),
        verdicts.stream().filter(Verdict::disagrees).count(),
        scores.length == 0 ? Optional.empty() : Optional.of(bootstrap.mean(scores)),
        positionBias(verdicts),
        verdicts,
        cost);
  }

  private static long count(List<Verdict> verdicts, Result result) {
    return verdicts.stream().filter(verdict -> verdict.result() == result).count();
  }

  private static double score(Verdict verdict) {
    return switch (verdict.result()) {
      case WIN -> 1;
      case LOSS -> 0;
      default -> 0.5;
    };
  }

  private static OptionalDouble positionBias(List<Verdict> verdicts) {
    return verdicts.stream()
        .filter(Verdict::isJudged)
        .mapToDouble(verdict -> verdict.towardsFirst() / 2.0)
        .average();
  }
}
