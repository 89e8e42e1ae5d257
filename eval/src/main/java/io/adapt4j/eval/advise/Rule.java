package io.adapt4j.eval.advise;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * A reason for or against something. The direction of a rule's effect comes from its source; its
 * size is a judgement: 1 is a hint, 3 decides where nothing speaks against it, 10 rules out.
 *
 * @param name what the rule is called, a few words
 * @param reason what it tells someone whose situation fits
 * @param source where it comes from
 * @param condition the situations that it fits
 * @param approaches points by approach, where it has an effect; 0 gives the reason only
 * @param methods points by way of training, where it has an effect
 */
public record Rule(
    String name,
    String reason,
    Source source,
    Predicate<Situation> condition,
    Map<Approach, Integer> approaches,
    Map<TuningMethod, Integer> methods) {

  /**
   * Copies the points.
   *
   * @param name what the rule is called
   * @param reason what it tells
   * @param source where it comes from
   * @param condition the situations that it fits
   * @param approaches points by approach
   * @param methods points by way of training
   * @throws IllegalArgumentException if it has no effect at all
   */
  public Rule {
    Objects.requireNonNull(condition, "condition");
    if (approaches.isEmpty() && methods.isEmpty()) {
      throw new IllegalArgumentException(
          "Rule '" + name + "': expected an effect on an approach or a method, found none");
    }
    approaches = Map.copyOf(approaches);
    methods = Map.copyOf(methods);
  }

  /**
   * Begins a rule.
   *
   * @param name what it is called
   * @param condition the situations that it fits
   * @return a builder
   */
  public static Builder when(String name, Predicate<Situation> condition) {
    return new Builder(name, condition);
  }

  /**
   * Tells whether the rule fits.
   *
   * @param situation the situation
   * @return true if its condition holds
   */
  public boolean fits(Situation situation) {
    return condition.test(situation);
  }

  /** Collects the effects of a rule. */
  public static final class Builder {

    private final String name;
    private final Predicate<Situation> condition;
    private final Map<Approach, Integer> approaches = new EnumMap<>(Approach.class);
    private final Map<TuningMethod, Integer> methods = new EnumMap<>(TuningMethod.class);

    private Builder(String name, Predicate<Situation> condition) {
      this.name = Objects.requireNonNull(name, "name");
      this.condition = Objects.requireNonNull(condition, "condition");
    }

    /**
     * Gives an approach points.
     *
     * @param approach the approach
     * @param points above 0 for it, below 0 against it
     * @return this builder
     */
    public Builder points(Approach approach, int points) {
      approaches.put(approach, points);
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
     * @param reason what it tells someone whose situation fits
     * @param source where it comes from
     * @return the rule
     * @throws IllegalArgumentException if it has no effect
     */
    public Rule because(String reason, Source source) {
      return new Rule(name, reason, source, condition, approaches, methods);
    }
  }
}
