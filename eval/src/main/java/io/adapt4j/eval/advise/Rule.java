package io.adapt4j.eval.advise;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * A reason for or against something. The direction of a rule's effect comes from its source; its
 * size is a judgment: 1 is a hint, 3 decides where nothing speaks against it, 10 rules out.
 *
 * @param name what the rule is called, a few words
 * @param reason what it tells someone whose requirements fits
 * @param reference where it comes from: authors, year and title, or publisher and title of a guide
 * @param finding what that says, in the rule's own words
 * @param condition the situations that it fits
 * @param strategies points by strategy, where it has an effect; 0 gives the reason only
 * @param methods points by way of training, where it has an effect
 */
public record Rule(
    String name,
    String reason,
    String reference,
    String finding,
    Predicate<Requirements> condition,
    Map<Strategy, Integer> strategies,
    Map<TuningMethod, Integer> methods) {

  /**
   * Copies the points.
   *
   * @param name what the rule is called, a few words
   * @param reason what it tells someone whose requirements fits
   * @param reference where it comes from
   * @param finding what that says
   * @param condition the situations that it fits
   * @param strategies points by strategy, where it has an effect; 0 gives the reason only
   * @param methods points by way of training, where it has an effect
   * @throws IllegalArgumentException if it has no effect at all
   */
  public Rule {
    Objects.requireNonNull(condition, "condition");
    if (strategies.isEmpty() && methods.isEmpty()) {
      throw new IllegalArgumentException(
          "Rule '" + name + "': expected an effect on an strategy or a method, found none");
    }
    strategies = Map.copyOf(strategies);
    methods = Map.copyOf(methods);
  }

  /**
   * Begins a rule.
   *
   * @param name what it is called
   * @param condition the situations that it fits
   * @return a builder
   */
  public static Builder when(String name, Predicate<Requirements> condition) {
    return new Builder(name, condition);
  }

  /**
   * Returns whether the rule fits.
   *
   * @param requirements the requirements
   * @return true if its condition holds
   */
  public boolean fits(Requirements requirements) {
    return condition.test(requirements);
  }

  Source source() {
    return new Source(reference, finding);
  }

  /** Collects the effects of a rule. */
  public static final class Builder {

    private final String name;
    private final Predicate<Requirements> condition;
    private final Map<Strategy, Integer> strategies = new EnumMap<>(Strategy.class);
    private final Map<TuningMethod, Integer> methods = new EnumMap<>(TuningMethod.class);

    private Builder(String name, Predicate<Requirements> condition) {
      this.name = Objects.requireNonNull(name, "name");
      this.condition = Objects.requireNonNull(condition, "condition");
    }

    /**
     * Gives an strategy points.
     *
     * @param strategy the strategy
     * @param points above 0 for it, below 0 against it
     * @return this builder
     */
    public Builder points(Strategy strategy, int points) {
      strategies.put(strategy, points);
      return this;
    }

    /**
     * Gives a way of training points.
     *
     * @param method the way of training
     * @param points above 0 for it, below 0 against it
     * @return this builder
     */
    public Builder points(TuningMethod method, int points) {
      methods.put(method, points);
      return this;
    }

    /**
     * Makes the rule.
     *
     * @param reason what it tells someone whose requirements fits
     * @param reference where it comes from: authors, year and title, or publisher and title of a
     *     guide
     * @param finding what that says, in the rule's own words
     * @return the rule
     * @throws IllegalArgumentException if it has no effect
     */
    public Rule because(String reason, String reference, String finding) {
      return new Rule(name, reason, reference, finding, condition, strategies, methods);
    }

    Rule because(String reason, Source source) {
      return because(reason, source.reference(), source.finding());
    }
  }
}
