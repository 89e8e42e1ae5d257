package io.adapt4j.eval.judge;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.task.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lets language models score answers by a rubric, from 1 to a maximum, with reasons. Several
 * judges, or repeated judgments, show how reliable a score is.
 *
 * <p>A verdict without a line {@code Score: n} with a number on the scale is malformed: it is
 * reported and left out.
 *
 * <pre>{@code
 * RubricReport report =
 *     RubricJudge.builder("5: right, polite and complete. 3: right. 1: wrong.", 5)
 *         .judge("large", largeModel)
 *         .judge("small", smallModel)
 *         .build()
 *         .score(ScoredAnswer.of(tuned.result("support")));
 * }</pre>
 */
public final class RubricJudge {

  private final String rubric;
  private final int highest;
  private final Map<String, TextGenerator> judges;
  private final int times;
  private final GenerationOptions options;
  private final @Nullable Path replies;
  private final Bootstrap bootstrap;

  private RubricJudge(Builder builder) {
    this.rubric = builder.rubric;
    this.highest = builder.highest;
    this.judges = new LinkedHashMap<>(builder.judges);
    this.times = builder.times;
    this.options = builder.options;
    this.replies = builder.replies;
    this.bootstrap = builder.bootstrap;
  }

  /**
   * Creates a builder.
   *
   * @param rubric the meaning of each score
   * @param highest the best score, at least 2; the worst is 1
   * @return a builder
   * @throws IllegalArgumentException if the rubric is blank or the number out of range
   */
  public static Builder builder(String rubric, int highest) {
    if (rubric.isBlank() || highest < 2 || highest > 100) {
      throw new IllegalArgumentException(
          "rubric: expected a text and a best score from 2 to 100, found '%s' and %s"
              .formatted(rubric, highest));
    }
    return new Builder(rubric, highest);
  }

  /**
   * Scores answers.
   *
   * @param answers at least one, each with a unique id
   * @return the scores, with their mean and agreement
   * @throws IllegalArgumentException if there is no answer, two have the same id, or a generator
   *     has no identity
   */
  public RubricReport score(List<ScoredAnswer> answers) {
    if (answers.isEmpty()) {
      throw new IllegalArgumentException("answers: expected at least one, found none");
    }
    List<Item> items =
        answers.stream()
            .<Item>map(
                scoredAnswer -> new RubricItem(scoredAnswer, rubric, highest, times, options))
            .toList();
    TaskMetric malformed =
        new TaskMetric(RubricItem.MALFORMED, false, new TaskMetric.Mean(RubricItem.MALFORMED));
    Evaluator.Builder builder =
        Evaluator.builder().tasks(new Task("answers", items, List.of(malformed), false));
    if (replies != null) {
      builder.replies(replies);
    }
    Evaluator evaluator = builder.build();
    Map<String, TaskResult> results = new LinkedHashMap<>();
    judges.forEach(
        (name, judge) ->
            results.put(name, evaluator.evaluate(name, Candidate.of(judge)).results().get(0)));
    return RubricReport.of(answers, results, times, bootstrap);
  }

  /** Builder of a judge. */
  public static final class Builder {

    private static final int DEFAULT_NEW_TOKENS = 512;

    private final String rubric;
    private final int highest;
    private final Map<String, TextGenerator> judges = new LinkedHashMap<>();
    private int times = 1;
    private GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_NEW_TOKENS).build();
    private @Nullable Path replies;
    private Bootstrap bootstrap = Bootstrap.DEFAULT;

    private Builder(String rubric, int highest) {
      this.rubric = rubric;
      this.highest = highest;
    }

    /**
     * Adds a judge.
     *
     * @param name its name in the report
     * @param generator a generator with an identity
     * @throws IllegalArgumentException if the name is taken
     */
    public Builder judge(String name, TextGenerator generator) {
      if (judges.putIfAbsent(name, Objects.requireNonNull(generator, "generator")) != null) {
        throw new IllegalArgumentException("judge: two are called '" + name + "'");
      }
      return this;
    }

    /**
     * Asks each judge several times, each with another seed.
     *
     * @param count default 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder times(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("times: expected 1 or more, found " + count);
      }
      times = count;
      return this;
    }

    /**
     * Sets the generation options of the judges.
     *
     * @param generation default greedy with up to 512 tokens; repetitions need a temperature
     */
    public Builder generating(GenerationOptions generation) {
      options = Objects.requireNonNull(generation, "generation");
      return this;
    }

    /**
     * Stores the judges' replies in a folder, one file per judge, and asks only for missing ones.
     *
     * @param folder the folder, created if absent
     */
    public Builder replies(Path folder) {
      replies = Objects.requireNonNull(folder, "folder");
      return this;
    }

    /**
     * Sets the bootstrap of the mean's confidence interval.
     *
     * @param settings resamples, confidence and seed
     */
    public Builder bootstrap(Bootstrap settings) {
      bootstrap = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /**
     * Builds the judge.
     *
     * @return the judge
     * @throws IllegalArgumentException if there is no judge, two have the same identity, or greedy
     *     ones are asked several times
     */
    public RubricJudge build() {
      if (judges.isEmpty()) {
        throw new IllegalArgumentException("judges: expected at least one; add it with judge(...)");
      }
      List<String> identities = new ArrayList<>();
      judges.values().forEach(value -> value.identity().ifPresent(identities::add));
      if (identities.stream().distinct().count() < identities.size()) {
        throw new IllegalArgumentException(
            "judges: two of "
                + judges.keySet()
                + " have one identity, so they would agree in all; ask one with times(...)");
      }
      if (times > 1 && options.isGreedy()) {
        throw new IllegalArgumentException(
            "times: a judge that answers greedily says the same "
                + times
                + " times; set a temperature with generating(...)");
      }
      return new RubricJudge(this);
    }
  }
}
