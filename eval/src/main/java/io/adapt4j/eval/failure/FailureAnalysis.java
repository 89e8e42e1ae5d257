package io.adapt4j.eval.failure;

import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.metric.Confusion;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Analysis of the items that failed on a task.
 *
 * <p>An item fails if its own primary metric is worse than a threshold. The default is 0.5 if the
 * metric is a mean of numbers from 0 to 1, so that a wrong answer fails, and a partly right answer
 * if it is mostly wrong. Otherwise, as for perplexity, it is the task's own metric: items that are
 * worse than the whole fail.
 *
 * <p>Immutable.
 */
public final class FailureAnalysis {

  private static final double HALF = 0.5;
  private static final String NO_VALUE = "(none)";

  private final TaskResult result;
  private final double threshold;
  private final List<Outcome> failures;
  private final Set<String> failedIds = new HashSet<>();
  private final Questions questions;

  private FailureAnalysis(TaskResult result, double threshold) {
    this.result = result;
    this.threshold = threshold;
    TaskMetric metric = result.primary();
    Comparator<Outcome> worst = Comparator.comparingDouble(metric::of);
    this.failures =
        result.outcomes().stream()
            .filter(outcome -> metric.isBetter(threshold, metric.of(outcome)))
            .sorted(
                (metric.largerIsBetter() ? worst : worst.reversed())
                    .thenComparing(outcome -> -outcome.confidence().orElse(0)))
            .toList();
    failures.forEach(failure -> failedIds.add(failure.id()));
    this.questions = new Questions(result.outcomes());
  }

  /**
   * Analyzes a result.
   *
   * @param result a candidate's result on a task
   * @return the analysis
   */
  public static FailureAnalysis of(TaskResult result) {
    return new FailureAnalysis(result, threshold(result));
  }

  /**
   * Analyzes a result with a threshold.
   *
   * @param threshold an item fails if its own primary metric is worse
   * @return the analysis
   * @throws IllegalArgumentException if the threshold is not a number
   */
  public static FailureAnalysis of(TaskResult result, double threshold) {
    if (Double.isNaN(threshold)) {
      throw new IllegalArgumentException("threshold: expected a number, found NaN");
    }
    return new FailureAnalysis(result, threshold);
  }

  private static double threshold(TaskResult result) {
    TaskMetric metric = result.primary();
    boolean isShare =
        metric.kind() instanceof TaskMetric.Mean
            && result.outcomes().stream()
                .mapToDouble(metric::of)
                .allMatch(value -> value >= 0 && value <= 1);
    return isShare ? HALF : result.score().value();
  }

  /** {@return the analyzed result} */
  public TaskResult result() {
    return result;
  }

  /** {@return the threshold that an item must reach} */
  public double threshold() {
    return threshold;
  }

  /**
   * Returns the failed items.
   *
   * @return the worst first; of equal ones the most confident first; empty if none failed
   */
  public List<Outcome> failures() {
    return failures;
  }

  /**
   * Returns the worst failed items.
   *
   * @param most maximum number
   * @return the worst first; empty if none failed
   */
  public List<Outcome> worst(int most) {
    return failures.subList(0, Math.min(most, failures.size()));
  }

  /**
   * Returns whether an item failed.
   *
   * @param id the item's id
   * @return true if it did
   */
  public boolean hasFailed(String id) {
    return failedIds.contains(id);
  }

  /**
   * Returns the question of a prompt: of its parts between blank lines the last one that is not the
   * same in all of the task's prompts. This skips few-shot examples.
   *
   * @param outcome an item of the task
   * @return a part of its prompt
   */
  public String question(Outcome outcome) {
    return questions.of(outcome);
  }

  /** {@return the names of the items' fields} */
  public Set<String> fields() {
    return result.outcomes().stream()
        .flatMap(outcome -> outcome.fields().keySet().stream())
        .distinct()
        .sorted()
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * Slices the items by a field.
   *
   * @param field its name
   * @return a slice per value, sorted by the lower end of the failure rate's interval in descending
   *     order, so that a few items do not lead by chance
   * @throws IllegalArgumentException if no item has the field
   */
  public List<Slice> slices(String field) {
    if (!fields().contains(field)) {
      throw new IllegalArgumentException(
          "Task '%s': no item has the field '%s'; there are %s"
              .formatted(result.task(), field, fields()));
    }
    return slices(outcome -> outcome.fields().getOrDefault(field, NO_VALUE));
  }

  /**
   * Slices the items by any function.
   *
   * @param by returns the slice of an item
   * @return a slice per value, in the order of {@link #slices(String)}
   */
  public List<Slice> slices(Function<Outcome, String> by) {
    Map<String, List<Outcome>> groups =
        result.outcomes().stream()
            .collect(Collectors.groupingBy(by, LinkedHashMap::new, Collectors.toList()));
    Comparator<Slice> sure = Comparator.comparingDouble(slice -> slice.failureRate().low());
    return groups.entrySet().stream()
        .map(group -> slice(group.getKey(), group.getValue()))
        .sorted(sure.reversed().thenComparing(Slice::name))
        .toList();
  }

  private Slice slice(String name, List<Outcome> outcomes) {
    return Slice.of(name, outcomes, result.primary(), outcome -> hasFailed(outcome.id()));
  }

  /**
   * Counts the most frequent confusions of answers.
   *
   * @param most maximum number of pairs
   * @return pairs of the failed items, the most frequent first
   */
  public List<Confusion> confusions(int most) {
    record Pair(String expected, String got) {}
    Map<Pair, Long> counts =
        failures.stream()
            .collect(
                Collectors.groupingBy(
                    collector -> new Pair(collector.expected().strip(), collector.got().strip()),
                    LinkedHashMap::new,
                    Collectors.counting()));
    return counts.entrySet().stream()
        .map(
            entry ->
                new Confusion(entry.getKey().expected(), entry.getKey().got(), entry.getValue()))
        .sorted(Comparator.comparingLong(Confusion::count).reversed())
        .limit(most)
        .toList();
  }

  /**
   * Slices the items by the length of the question.
   *
   * @param most maximum number of buckets, at least 1
   * @return buckets of about equal size, the shortest first, named by their number of characters
   */
  public List<Slice> byLength(int most) {
    return buckets(
        result.outcomes(),
        outcome -> outcome.prompt().length(),
        most,
        value -> String.format(Locale.ROOT, "%.0f", value));
  }

  /**
   * Slices the items by the candidate's confidence.
   *
   * @param most maximum number of buckets, at least 1
   * @return buckets of about equal size, the least confident first, named by their confidence;
   *     empty if no confidence is known
   */
  public List<Slice> byConfidence(int most) {
    List<Outcome> known =
        result.outcomes().stream().filter(outcome -> outcome.confidence().isPresent()).toList();
    return buckets(
        known,
        outcome -> outcome.confidence().getAsDouble(),
        most,
        value -> String.format(Locale.ROOT, "%.2f", value));
  }

  /** Equal values stay together, so that a bucket may be larger than its share. */
  private List<Slice> buckets(
      List<Outcome> outcomes,
      ToDoubleFunction<Outcome> by,
      int most,
      Function<Double, String> written) {
    if (most < 1) {
      throw new IllegalArgumentException("buckets: expected at least 1, found " + most);
    }
    List<Outcome> sorted = outcomes.stream().sorted(Comparator.comparingDouble(by)).toList();
    List<Slice> slices = new ArrayList<>();
    int from = 0;
    for (int bucket = 1; from < sorted.size(); bucket++) {
      int to = Math.max(from + 1, (int) Math.round((double) sorted.size() * bucket / most));
      while (to < sorted.size()
          && by.applyAsDouble(sorted.get(to)) == by.applyAsDouble(sorted.get(to - 1))) {
        to++;
      }
      String low = written.apply(by.applyAsDouble(sorted.get(from)));
      String high = written.apply(by.applyAsDouble(sorted.get(to - 1)));
      slices.add(
          slice(
              low.equals(high) ? low : low + " to " + high, List.copyOf(sorted.subList(from, to))));
      from = to;
    }
    return slices;
  }

  /**
   * Clusters the failed items.
   *
   * @param clustering the clustering
   * @return the largest first; empty if none failed
   */
  public List<FailureCluster> clusters(Clustering clustering) {
    return clustering.of(this);
  }
}
