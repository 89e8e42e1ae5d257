package io.adapt4j.eval.judge;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.judge.PairQuestion;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.judge.PairwiseReport.Verdict;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.task.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets a language model decide which of two answers is better (Zheng et al. 2023, "Judging
 * LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.4): each pair is judged in both
 * orders, and an answer wins only if it is preferred in both. If the orders disagree the pair is a
 * tie, and also counted as a disagreement. Equal answers are a tie without asking the judge.
 *
 * <p>A verdict without the required ending is malformed; its pair is reported and not counted.
 * Immutable: each setting returns a new judge.
 *
 * <pre>{@code
 * PairwiseReport report =
 *     PairwiseJudge.of(generator)
 *         .replies(Path.of("verdicts"))
 *         .judge(AnswerPair.of(tuned.result("support"), base.result("support")));
 * }</pre>
 */
public final class PairwiseJudge {

  /** Default criteria for better answers. */
  public static final String DEFAULT_CRITERIA = PairQuestion.DEFAULT_CRITERIA;

  private static final int DEFAULT_NEW_TOKENS = 512;

  private final TextGenerator generator;
  private final String criteria;
  private final GenerationOptions options;
  private final Optional<Path> replies;
  private final Bootstrap bootstrap;

  private PairwiseJudge(
      TextGenerator generator,
      String criteria,
      GenerationOptions options,
      Optional<Path> replies,
      Bootstrap bootstrap) {
    this.generator = generator;
    this.criteria = criteria;
    this.options = options;
    this.replies = replies;
    this.bootstrap = bootstrap;
  }

  /**
   * Creates a judge with greedy decoding of up to 512 tokens.
   *
   * @param generator a generator with an identity: a model in this process or a server
   * @return the judge
   */
  public static PairwiseJudge of(TextGenerator generator) {
    return new PairwiseJudge(
        Objects.requireNonNull(generator, "generator"),
        DEFAULT_CRITERIA,
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_NEW_TOKENS).build(),
        Optional.empty(),
        Bootstrap.DEFAULT);
  }

  /**
   * Sets the criteria for better answers.
   *
   * @param measure one or more sentences
   * @return a new judge
   */
  public PairwiseJudge criteria(String measure) {
    return new PairwiseJudge(generator, measure, options, replies, bootstrap);
  }

  /**
   * Sets the generation options of the judge.
   *
   * @param generation length, temperature and the like
   * @return a new judge
   */
  public PairwiseJudge generating(GenerationOptions generation) {
    return new PairwiseJudge(generator, criteria, generation, replies, bootstrap);
  }

  /**
   * Stores the judge's replies in a folder, as {@link Evaluator.Builder#replies} does, and asks
   * only for missing ones.
   *
   * @param folder the folder, created if absent
   * @return a new judge
   */
  public PairwiseJudge replies(Path folder) {
    return new PairwiseJudge(generator, criteria, options, Optional.of(folder), bootstrap);
  }

  /**
   * Sets the bootstrap of the win rate's confidence interval.
   *
   * @param settings resamples, confidence and seed
   * @return a new judge
   */
  public PairwiseJudge bootstrap(Bootstrap settings) {
    return new PairwiseJudge(generator, criteria, options, replies, settings);
  }

  /**
   * Judges pairs.
   *
   * @param pairs at least one, each with a unique id
   * @return win rate and reliability of the judge
   * @throws IllegalArgumentException if there is no pair, two have the same id, or the generator
   *     has no identity
   */
  public PairwiseReport judge(List<AnswerPair> pairs) {
    requireUsable(pairs);
    PairQuestion question = PairQuestion.by(criteria);
    List<Item> asked = new ArrayList<>();
    pairs.stream()
        .filter(pair -> !isEqual(pair))
        .forEach(pair -> asked.add(new PairItem(pair, question, options)));
    Optional<TaskResult> result = asked.isEmpty() ? Optional.empty() : Optional.of(ask(asked));
    Map<String, Outcome> outcomes = new HashMap<>();
    result.ifPresent(
        taskResult -> taskResult.outcomes().forEach(all -> outcomes.put(all.id(), all)));
    List<Verdict> verdicts =
        pairs.stream().map(pair -> verdict(pair, outcomes.get(pair.id()))).toList();
    return PairwiseReport.of(verdicts, result.map(TaskResult::cost).orElse(Cost.NONE), bootstrap);
  }

  private static void requireUsable(List<AnswerPair> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("pairs: expected at least one, found none");
    }
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < pairs.size(); i++) {
      if (!ids.add(pairs.get(i).id())) {
        throw new IllegalArgumentException(
            "Pair " + (i + 1) + ": id '" + pairs.get(i).id() + "' was used before");
      }
    }
  }

  private static boolean isEqual(AnswerPair pair) {
    return pair.first().strip().equals(pair.second().strip());
  }

  private TaskResult ask(List<Item> items) {
    TaskMetric malformed =
        new TaskMetric(PairItem.MALFORMED, false, new TaskMetric.Mean(PairItem.MALFORMED));
    Evaluator.Builder evaluator =
        Evaluator.builder().tasks(new Task("pairs", items, List.of(malformed), false));
    replies.ifPresent(evaluator::replies);
    return evaluator.build().evaluate(Candidate.of(generator)).results().get(0);
  }

  private static Verdict verdict(AnswerPair pair, @Nullable Outcome outcome) {
    if (outcome == null) {
      return new Verdict(pair, OptionalInt.of(0), OptionalInt.of(0), "", "");
    }
    return new Verdict(
        pair,
        preference(outcome, PairItem.IN_ORDER),
        preference(outcome, PairItem.SWAPPED),
        PairItem.words(outcome, false),
        PairItem.words(outcome, true));
  }

  private static OptionalInt preference(Outcome outcome, String order) {
    return outcome.metrics().containsKey(order)
        ? OptionalInt.of((int) outcome.metric(order))
        : OptionalInt.empty();
  }
}
