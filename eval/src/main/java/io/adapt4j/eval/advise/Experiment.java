package io.adapt4j.eval.advise;

import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.advise.Recommendation.Standing;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Compares prompting, RAG, fine-tuning and both on the questions of an exam.
 *
 * <p>The recommendation is the simplest candidate that is not significantly worse than the best
 * one, where the order of simplicity is base, RAG, fine-tuned, both. A candidate is significantly
 * worse if both the paired bootstrap and, if each item is right or wrong, McNemar's exact test say
 * so. If another one could still be better by a margin, the exam is too small to decide, and the
 * recommendation says how many questions would be enough. The tests are not adjusted for multiple
 * comparisons.
 */
public final class Experiment {

  private final Map<Strategy, Candidate> candidates;
  private final Task exam;
  private final UnaryOperator<Evaluator.Builder> settings;
  private final double level;
  private final double margin;
  private final Optional<Duration> slowest;

  private Experiment(Builder builder) {
    this.candidates = new EnumMap<>(builder.candidates);
    this.exam = Objects.requireNonNull(builder.exam);
    this.settings = builder.settings;
    this.level = builder.level;
    this.margin = builder.margin;
    this.slowest = builder.slowest;
  }

  /**
   * Creates a builder.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs the exam with every candidate.
   *
   * @return the recommended strategy and its evidence
   * @throws IllegalStateException if every candidate takes too long
   */
  public Recommendation run() {
    Evaluator evaluator = settings.apply(Evaluator.builder().tasks(exam)).build();
    Map<Strategy, EvaluationReport> reports = new EnumMap<>(Strategy.class);
    candidates.forEach(
        (strategy, candidate) ->
            reports.put(strategy, evaluator.evaluate(strategy.candidateName(), candidate)));
    Map<Strategy, EvaluationReport> quick = new EnumMap<>(reports);
    quick.values().removeIf(this::isTooSlow);
    if (quick.isEmpty()) {
      throw new IllegalStateException(
          "Every candidate takes longer than " + slowest.orElseThrow() + " a question");
    }
    return recommend(evaluator, reports, quick);
  }

  private boolean isTooSlow(EvaluationReport report) {
    return slowest.filter(most -> timePerQuestion(report).compareTo(most) > 0).isPresent();
  }

  /** Returns the time per question; zero if all replies were stored. */
  private Duration timePerQuestion(EvaluationReport report) {
    Cost cost = report.cost();
    double asked = (double) cost.asked() / (cost.asked() + cost.kept());
    return asked == 0
        ? Duration.ZERO
        : Duration.ofNanos((long) (cost.candidate().toNanos() / asked / exam.items().size()));
  }

  private Recommendation recommend(
      Evaluator evaluator,
      Map<Strategy, EvaluationReport> reports,
      Map<Strategy, EvaluationReport> quick) {
    Map<Strategy, Gap> behindBest = gaps(evaluator, reports, best(quick));
    Strategy chosen =
        quick.keySet().stream()
            .filter(key -> !isWorse(Objects.requireNonNull(behindBest.get(key))))
            .findFirst()
            .orElseThrow();
    Map<Strategy, Gap> aheadOfChosen = gaps(evaluator, reports, chosen);
    List<Standing> standings = new ArrayList<>();
    reports.forEach(
        (strategy, report) -> {
          Gap behind = Objects.requireNonNull(behindBest.get(strategy));
          Gap ahead = Objects.requireNonNull(aheadOfChosen.get(strategy));
          standings.add(
              new Standing(
                  strategy,
                  report.result(exam.name()).score(),
                  timePerQuestion(report),
                  -behind.value(),
                  behind.pValue(),
                  isWorse(behind),
                  quick.containsKey(strategy),
                  ahead.value(),
                  ahead.most()));
        });
    return Recommendation.of(exam.name(), exam.items().size(), chosen, standings, margin);
  }

  /** Returns the best strategy; of equal ones the simplest. */
  private Strategy best(Map<Strategy, EvaluationReport> reports) {
    @Nullable Strategy best = null;
    double most = 0;
    for (Map.Entry<Strategy, EvaluationReport> entry : reports.entrySet()) {
      double score = sign() * score(entry.getValue());
      if (best == null || score > most) {
        best = entry.getKey();
        most = score;
      }
    }
    return Objects.requireNonNull(best);
  }

  private double sign() {
    return exam.primary().largerIsBetter() ? 1 : -1;
  }

  private double score(EvaluationReport report) {
    return report.result(exam.name()).score().value();
  }

  /**
   * Lead of a candidate over another. The value is above 0 if it is better, most is the upper end
   * of its interval, and pValue is that of there being no difference.
   */
  private record Gap(double value, double most, double pValue) {}

  private boolean isWorse(Gap gap) {
    return gap.value() < 0 && gap.pValue() <= level;
  }

  /** Returns the lead of each candidate over one of them. */
  private Map<Strategy, Gap> gaps(
      Evaluator evaluator, Map<Strategy, EvaluationReport> reports, Strategy than) {
    List<EvaluationReport> thatFirst = new ArrayList<>(List.of(reports.get(than)));
    reports.entrySet().stream()
        .filter(entry -> entry.getKey() != than)
        .forEach(mapping -> thatFirst.add(mapping.getValue()));
    ComparisonReport compared = evaluator.compare(thatFirst);
    Map<Strategy, Gap> gaps = new EnumMap<>(Strategy.class);
    for (Strategy strategy : reports.keySet()) {
      gaps.put(
          strategy,
          strategy == than
              ? new Gap(0, 0, 1)
              : gap(compared.comparison(strategy.candidateName(), exam.name())));
    }
    return gaps;
  }

  private Gap gap(TaskComparison compared) {
    ConfidenceInterval difference = compared.difference();
    double most = exam.primary().largerIsBetter() ? difference.high() : -difference.low();
    double pValue = Math.max(compared.pValue(), compared.mcNemar().orElse(0));
    return new Gap(sign() * difference.value(), most, pValue);
  }

  /** Builder of an experiment. */
  public static final class Builder {

    private final Map<Strategy, Candidate> candidates = new EnumMap<>(Strategy.class);
    private @Nullable Task exam;
    private UnaryOperator<Evaluator.Builder> settings = evaluator -> evaluator;
    private double level = 0.05;
    private double margin = 0.05;
    private Optional<Duration> slowest = Optional.empty();

    private Builder() {}

    /**
     * Sets the base model with the best available prompt.
     *
     * @param candidate the candidate
     */
    public Builder base(Candidate candidate) {
      return put(Strategy.PROMPTING, candidate);
    }

    /** Sets the base model with retrieved passages. */
    public Builder rag(Candidate candidate) {
      return put(Strategy.RAG, candidate);
    }

    /** Sets the fine-tuned model. */
    public Builder fineTuned(Candidate candidate) {
      return put(Strategy.FINE_TUNING, candidate);
    }

    /** Sets the fine-tuned model with retrieved passages. */
    public Builder both(Candidate candidate) {
      return put(Strategy.RAG_AND_FINE_TUNING, candidate);
    }

    private Builder put(Strategy strategy, Candidate candidate) {
      candidates.put(strategy, Objects.requireNonNull(candidate, strategy.candidateName()));
      return this;
    }

    /**
     * Sets the questions. The primary metric of the task decides.
     *
     * @param task questions that none of the candidates was trained on
     */
    public Builder exam(Task task) {
      exam = Objects.requireNonNull(task, "task");
      return this;
    }

    /**
     * Changes the settings of the evaluator, such as the folder of stored replies.
     *
     * @param change adds to the evaluator's settings; not tasks
     */
    public Builder evaluator(UnaryOperator<Evaluator.Builder> change) {
      settings = Objects.requireNonNull(change, "change");
      return this;
    }

    /**
     * Sets the significance level.
     *
     * @param value above 0, below 1; default 0.05
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder level(double value) {
      level = requireShare("level", value);
      return this;
    }

    /**
     * Sets the relevant difference, in units of the exam's metric.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder margin(double value) {
      margin = requireShare("margin", value);
      return this;
    }

    private static double requireShare(String name, double value) {
      if (!(value > 0 && value < 1)) {
        throw new IllegalArgumentException(
            name + ": expected a number above 0 and below 1, found " + value);
      }
      return value;
    }

    /**
     * Excludes candidates that take longer; default no limit.
     *
     * @param most maximum time per question, for all its choices together
     * @throws IllegalArgumentException if it is not above 0
     */
    public Builder slowest(Duration most) {
      if (most.isNegative() || most.isZero()) {
        throw new IllegalArgumentException("slowest: expected more than 0, found " + most);
      }
      slowest = Optional.of(most);
      return this;
    }

    /**
     * Builds the experiment.
     *
     * @return the experiment
     * @throws IllegalArgumentException if there is no exam, or fewer than two candidates
     */
    public Experiment build() {
      if (exam == null) {
        throw new IllegalArgumentException("exam: expected a task, found none; set exam(...)");
      }
      if (candidates.size() < 2) {
        throw new IllegalArgumentException(
            "candidates: expected two or more to compare, found " + candidates.keySet());
      }
      return new Experiment(this);
    }
  }
}
