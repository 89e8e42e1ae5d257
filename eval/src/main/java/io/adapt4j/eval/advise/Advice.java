package io.adapt4j.eval.advise;

import java.util.List;

/**
 * What to do, the best first.
 *
 * @param strategies every strategy, ranked by points, what is ruled out last; of equal ones the
 *     simpler comes first
 * @param methods every way of training, ranked, for strategies that train
 */
public record Advice(List<Option<Strategy>> strategies, List<Option<TuningMethod>> methods) {

  /**
   * Something that can be done.
   *
   * @param choice what
   * @param points of all reasons together
   * @param reasons for and against, those of the largest effect first
   * @param <T> strategies or ways of training
   */
  public record Option<T>(T choice, int points, List<Reason> reasons) {

    /**
     * Copies the reasons.
     *
     * @param choice what
     * @param points of all reasons together
     * @param reasons for and against, those of the largest effect first
     */
    public Option {
      reasons = List.copyOf(reasons);
    }

    /** {@return whether it is out of the question} */
    public boolean isRuledOut() {
      return reasons.stream().anyMatch(reason -> reason.points() <= -10);
    }
  }

  /**
   * Why something is, or is not, to be done.
   *
   * @param rule the rule that fits
   * @param points above 0 where it speaks for, below 0 where it speaks against
   */
  public record Reason(Rule rule, int points) {}

  /**
   * Copies the lists.
   *
   * @param strategies every strategy, ranked by points, what is ruled out last; of equal ones the
   *     simpler comes first
   * @param methods every way of training, ranked, for strategies that train
   */
  public Advice {
    strategies = List.copyOf(strategies);
    methods = List.copyOf(methods);
  }

  /** {@return what to do} */
  public Strategy best() {
    return strategies.get(0).choice();
  }

  /** {@return how to train if training is to be done} */
  public TuningMethod method() {
    return methods.get(0).choice();
  }

  /**
   * Tells where an strategy stands.
   *
   * @param strategy the strategy
   * @return its place, 1 for the first
   */
  public int rank(Strategy strategy) {
    return 1 + strategies.stream().map(Option::choice).toList().indexOf(strategy);
  }

  /**
   * Writes the advice for a reader: the recommendation, what speaks for and against each strategy,
   * and the sources.
   *
   * @return lines of text
   */
  public String text() {
    return AdviceText.of(this);
  }
}
