package io.adapt4j.eval.advise;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * A reason for or against something. The direction of a rule's effect comes from its source; its
 * size is a judgment: 1 is a hint, 3 decides if nothing speaks against it, 10 rules out.
 *
 * @param name a name of a few words
 * @param reason explanation for readers whose requirements match
 * @param reference its source: authors, year and title, or publisher and title of a guide
 * @param finding the source's finding, paraphrased
 * @param condition the requirements that it applies to
 * @param strategies points by strategy that it affects; 0 gives the reason only
 * @param methods points by training method that it affects
 */
public record Rule(
    String name,
    String reason,
    String reference,
    String finding,
    Predicate<Requirements> condition,
    Map<Strategy, Integer> strategies,
    Map<TuningMethod, Integer> methods) {

  /** Copies the points. Throws {@link IllegalArgumentException} if it has no effect at all. */
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
   * Creates a builder.
   *
   * @param name name of the rule
   * @param condition the requirements that it applies to
   * @return a builder
   */
  public static Builder when(String name, Predicate<Requirements> condition) {
    return new Builder(name, condition);
  }

  /**
   * Returns whether the rule applies.
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

  /** Builder of a rule. */
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
     * Gives a strategy points.
     *
     * @param strategy the strategy
     * @param points above 0 for it, below 0 against it
     */
    public Builder points(Strategy strategy, int points) {
      strategies.put(strategy, points);
      return this;
    }

    /**
     * Gives a training method points.
     *
     * @param method the training method
     */
    public Builder points(TuningMethod method, int points) {
      methods.put(method, points);
      return this;
    }

    /**
     * Builds the rule.
     *
     * @param reason explanation for readers whose requirements match
     * @param reference its source: authors, year and title, or publisher and title of a guide
     * @param finding the source's finding, paraphrased
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
