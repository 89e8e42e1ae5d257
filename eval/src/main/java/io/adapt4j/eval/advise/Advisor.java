package io.adapt4j.eval.advise;

import io.adapt4j.eval.advise.Advice.Option;
import io.adapt4j.eval.advise.Advice.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Recommends prompting, RAG, fine-tuning or both, with reasons. Its rules of thumb come from the
 * literature; an {@link Experiment} on your own questions is worth more.
 *
 * <p>Immutable.
 */
public final class Advisor {

  private static final Advisor STANDARD = new Advisor(standardRules());

  private final List<Rule> rules;

  private Advisor(List<Rule> rules) {
    this.rules = List.copyOf(rules);
  }

  private static List<Rule> standardRules() {
    List<Rule> rules = new ArrayList<>(Rules.all());
    rules.addAll(TuningRules.all());
    return rules;
  }

  /** {@return the advisor with the library's rules} */
  public static Advisor standard() {
    return STANDARD;
  }

  /**
   * Adds a custom rule.
   *
   * @param rule the rule
   * @return a new advisor
   * @throws IllegalArgumentException if there is already a rule with this name
   */
  public Advisor with(Rule rule) {
    Objects.requireNonNull(rule, "rule");
    if (rules.stream().anyMatch(known -> known.name().equals(rule.name()))) {
      throw new IllegalArgumentException(
          "There is a rule '" + rule.name() + "' already; take it out with without(...) first");
    }
    List<Rule> more = new ArrayList<>(rules);
    more.add(rule);
    return new Advisor(more);
  }

  /**
   * Removes a rule.
   *
   * @param name its name
   * @return a new advisor
   * @throws IllegalArgumentException if there is no such rule
   */
  public Advisor without(String name) {
    List<Rule> fewer = rules.stream().filter(rule -> !rule.name().equals(name)).toList();
    if (fewer.size() == rules.size()) {
      throw new IllegalArgumentException(
          "No rule '" + name + "'; there are " + rules.stream().map(Rule::name).toList());
    }
    return new Advisor(fewer);
  }

  /** {@return the rules} */
  public List<Rule> rules() {
    return rules;
  }

  /**
   * Gives advice.
   *
   * @param requirements needs, data and limits
   * @return the advice
   */
  public Advice advise(Requirements requirements) {
    List<Rule> fitting = rules.stream().filter(rule -> rule.fits(requirements)).toList();
    return new Advice(
        ranked(Strategy.values(), fitting, Rule::strategies),
        ranked(TuningMethod.values(), fitting, Rule::methods));
  }

  private static <T> List<Option<T>> ranked(
      T[] choices, List<Rule> fitting, Function<Rule, Map<T, Integer>> effects) {
    // The sort is stable, so equal ones stay in the order of their declaration.
    return Arrays.stream(choices)
        .map(choice -> option(choice, fitting, effects))
        .sorted(
            Comparator.comparing((Option<T> option) -> option.isRuledOut())
                .thenComparing(
                    Comparator.comparingInt((Option<T> option) -> option.points()).reversed()))
        .toList();
  }

  private static <T> Option<T> option(
      T choice, List<Rule> fitting, Function<Rule, Map<T, Integer>> effects) {
    List<Reason> reasons =
        fitting.stream()
            .filter(rule -> effects.apply(rule).containsKey(choice))
            .map(rule -> new Reason(rule, Objects.requireNonNull(effects.apply(rule).get(choice))))
            .sorted(
                Comparator.comparingInt((Reason reason) -> Math.abs(reason.points())).reversed())
            .toList();
    return new Option<>(choice, reasons.stream().mapToInt(Reason::points).sum(), reasons);
  }
}
