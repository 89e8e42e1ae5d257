package io.adapt4j.eval.advise;

import java.util.List;

/**
 * Recommended strategies and training methods, the best first.
 *
 * @param strategies every strategy, ranked by points, ruled-out ones last; of equal ones the
 *     simpler comes first
 * @param methods every training method, ranked, for strategies that train
 */
public record Advice(List<Option<Strategy>> strategies, List<Option<TuningMethod>> methods) {

  /**
   * A ranked strategy or method.
   *
   * @param choice the strategy or method
   * @param points sum of the points of all reasons
   * @param reasons for and against, the largest effect first
   * @param <T> strategies or training methods
   */
  public record Option<T>(T choice, int points, List<Reason> reasons) {

    /** Copies the reasons. */
    public Option {
      reasons = List.copyOf(reasons);
    }

    /** {@return whether it is ruled out} */
    public boolean isRuledOut() {
      return reasons.stream().anyMatch(reason -> reason.points() <= -10);
    }
  }

  /**
   * A reason for or against a choice.
   *
   * @param rule the rule that applies
   * @param points above 0 if it speaks for, below 0 if it speaks against
   */
  public record Reason(Rule rule, int points) {}

  /** Copies the lists. */
  public Advice {
    strategies = List.copyOf(strategies);
    methods = List.copyOf(methods);
  }

  /** {@return the best strategy} */
  public Strategy best() {
    return strategies.get(0).choice();
  }

  /** {@return the best training method, for strategies that train} */
  public TuningMethod method() {
    return methods.get(0).choice();
  }

  /**
   * Returns the rank of a strategy.
   *
   * @param strategy the strategy
   * @return its rank, 1 for the first
   */
  public int rank(Strategy strategy) {
    return 1 + strategies.stream().map(Option::choice).toList().indexOf(strategy);
  }

  /**
   * Formats the advice: the recommendation, reasons for and against each strategy, and the sources.
   *
   * @return lines of text
   */
  public String text() {
    return AdviceText.of(this);
  }
}
