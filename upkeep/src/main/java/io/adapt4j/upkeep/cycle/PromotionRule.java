package io.adapt4j.upkeep.cycle;

import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Rule for a promotion, by paired tests on an exam: of the tasks named for it, at least one must be
 * significantly better and none worse, the kept tasks must surely lose less than a margin, and
 * every assertion must hold. Without enough evidence the old version stays. Immutable.
 */
public final class PromotionRule {

  private static final double LEVEL = 0.05;
  private static final double SMALL = 0.001;

  private final Set<String> improving;
  private final Map<String, Double> keeping;
  private final Map<String, Predicate<EvaluationReport>> assertions;
  private final double level;

  private PromotionRule(
      Set<String> improving,
      Map<String, Double> keeping,
      Map<String, Predicate<EvaluationReport>> assertions,
      double level) {
    this.improving = improving;
    this.keeping = keeping;
    this.assertions = assertions;
    this.level = level;
  }

  /**
   * Names the tasks of which one must get better.
   *
   * @param tasks names of tasks of the exam
   * @return a rule at level 0.05
   */
  public static PromotionRule improving(String... tasks) {
    if (tasks.length == 0) {
      throw new IllegalArgumentException("tasks: expected at least one, found none");
    }
    return new PromotionRule(new LinkedHashSet<>(List.of(tasks)), Map.of(), Map.of(), LEVEL);
  }

  /**
   * Requires no gain, only what is kept and asserted: for versions that are trained again on more
   * rows and are expected to be better by less than an exam can show.
   *
   * @return a rule at level 0.05, to which {@link #keeping} adds tasks
   */
  public static PromotionRule withoutGain() {
    return new PromotionRule(Set.of(), Map.of(), Map.of(), LEVEL);
  }

  /**
   * Names a task that must be kept: the confidence interval of the difference must lie above a
   * loss.
   *
   * @param task name of a task of the exam
   * @param margin the loss in the task's metric that is tolerated, 0 or more
   * @return a changed copy
   */
  public PromotionRule keeping(String task, double margin) {
    if (!(margin >= 0)) {
      throw new IllegalArgumentException("margin: expected 0 or more, found " + margin);
    }
    Map<String, Double> changed = new LinkedHashMap<>(keeping);
    changed.put(task, margin);
    return new PromotionRule(improving, changed, assertions, level);
  }

  /**
   * Adds an assertion about the new version alone, such as safety; it holds for the first version
   * too.
   *
   * @param name what it asserts, for the report
   * @param holds whether it holds
   * @return a changed copy
   */
  public PromotionRule asserting(String name, Predicate<EvaluationReport> holds) {
    Map<String, Predicate<EvaluationReport>> changed = new LinkedHashMap<>(assertions);
    changed.put(name, holds);
    return new PromotionRule(improving, keeping, changed, level);
  }

  /**
   * Sets the significance level of a gain or loss.
   *
   * @param value above 0 and below 1; default 0.05
   * @return a changed copy
   */
  public PromotionRule level(double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException("level: expected between 0 and 1, found " + value);
    }
    return new PromotionRule(improving, keeping, assertions, value);
  }

  /**
   * Judges the first version, which is compared with none.
   *
   * @param report its evaluation
   * @return what speaks against it; empty if it may be promoted
   */
  public List<String> objections(EvaluationReport report) {
    List<String> objections = new ArrayList<>();
    assertions.forEach(
        (name, holds) -> {
          if (!holds.test(report)) {
            objections.add("assertion '%s' does not hold".formatted(name));
          }
        });
    return objections;
  }

  /**
   * Judges a version beside the one it would replace.
   *
   * @param comparison of exactly two reports, the old version's first
   * @return what speaks against it; empty if it may be promoted
   * @throws IllegalArgumentException if the exam has no task of a name
   */
  public List<String> objections(ComparisonReport comparison) {
    String candidate = comparison.reports().get(1).candidate();
    List<String> objections = new ArrayList<>(objections(comparison.reports().get(1)));
    boolean better = improving.isEmpty();
    for (String task : improving) {
      TaskComparison one = comparison.comparison(candidate, task);
      better |= one.isBetter(level);
      if (one.isWorse(level)) {
        objections.add("'%s' is worse: %s".formatted(task, words(one)));
      }
    }
    if (!better) {
      objections.add("no gain is significant in " + improving);
    }
    keeping.forEach(
        (task, margin) ->
            lost(comparison.comparison(candidate, task), margin).ifPresent(objections::add));
    return objections;
  }

  private static Optional<String> lost(TaskComparison one, double margin) {
    ConfidenceInterval difference = one.difference();
    double worst = one.largerIsBetter() ? difference.low() : -difference.high();
    return worst >= -margin
        ? Optional.empty()
        : Optional.of(
            "'%s' may have lost more than %s: %s".formatted(one.task(), margin, words(one)));
  }

  /** Describes a difference with its interval. */
  static String words(TaskComparison one) {
    return String.format(
        Locale.ROOT,
        "%s %+.4f [%+.4f, %+.4f], p %s",
        one.metric().name(),
        one.difference().value(),
        one.difference().low(),
        one.difference().high(),
        one.pValue() < SMALL ? "< 0.001" : String.format(Locale.ROOT, "= %.3f", one.pValue()));
  }
}
