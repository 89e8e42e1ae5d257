package io.adapt4j.eval;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.eval.internal.ReplyStore;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.task.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates candidates on tasks: their metrics with confidence intervals, and comparisons.
 *
 * <p>Every distinct request is sent once. With {@link Builder#replies} each reply is on disk before
 * the next request is sent, and a later run sends only the missing ones. Requests in flight when a
 * process was killed are sent again: for a generator one request for each that it answers at a
 * time, for a model in this process, a classifier, or a candidate that replies to a list at once,
 * up to a batch.
 */
public final class Evaluator {

  private final List<Task> tasks;
  private final Optional<Path> replies;
  private final int answersAtOnce;
  private final int likelihoodsAtOnce;
  private final ReportComparator comparing;
  private final double retentionThreshold;
  private final EvaluationListener listener;

  private Evaluator(Builder builder) {
    this.tasks = List.copyOf(builder.tasks);
    this.replies = Optional.ofNullable(builder.replies);
    this.answersAtOnce = builder.answersAtOnce;
    this.likelihoodsAtOnce = builder.likelihoodsAtOnce;
    this.comparing = new ReportComparator(builder.bootstrap, builder.retentionThreshold);
    this.retentionThreshold = builder.retentionThreshold;
    this.listener = builder.listener;
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
   * Evaluates a candidate.
   *
   * @param candidate the candidate
   * @return its report, under the name of its identity
   */
  public EvaluationReport evaluate(Candidate candidate) {
    Texts.require("candidate", candidate);
    return evaluate(candidate.identity(), candidate);
  }

  /**
   * Evaluates a candidate.
   *
   * @param name its name in reports
   * @return its report
   * @throws UnsupportedOperationException if the candidate cannot reply to a task's requests
   * @throws IllegalArgumentException if a reply cannot be graded; the message names task and row
   * @throws IllegalStateException if the stored replies are in use by another evaluation
   */
  public EvaluationReport evaluate(String name, Candidate candidate) {
    long start = System.nanoTime();
    Optional<ReplyStore> store =
        replies.map(folder -> ReplyStore.open(folder, candidate.identity()));
    try (RequestRunner questioning =
        new RequestRunner(name, candidate, store, listener, answersAtOnce, likelihoodsAtOnce)) {
      questioning.prepare(tasks);
      List<TaskResult> results = tasks.stream().map(task -> result(task, questioning)).toList();
      Duration total = Duration.ofNanos(System.nanoTime() - start);
      Cost cost = Cost.sum(results.stream().map(TaskResult::cost).toList(), total);
      return new EvaluationReport(name, candidate.identity(), results, cost);
    } finally {
      store.ifPresent(ReplyStore::close);
    }
  }

  private TaskResult result(Task task, RequestRunner questioning) {
    questioning.ask(task);
    List<Outcome> outcomes = judged(task, questioning);
    Map<String, ConfidenceInterval> metrics = new LinkedHashMap<>();
    for (TaskMetric metric : task.metrics()) {
      metrics.put(metric.name(), comparing.interval(metric, outcomes));
    }
    return new TaskResult(
        task.name(), task.isGeneral(), task.metrics(), metrics, outcomes, questioning.cost());
  }

  private static List<Outcome> judged(Task task, RequestRunner questioning) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Item item : task.items()) {
      try {
        outcomes.add(item.judge(questioning.replies(item)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "Task '" + task.name() + "', row " + (outcomes.size() + 1) + ": " + e.getMessage(), e);
      }
    }
    return outcomes;
  }

  /**
   * Evaluates several candidates on the same tasks and compares each with the first.
   *
   * @param candidates by name, the baseline first: use a map that preserves its order
   * @return the comparison
   * @throws IllegalArgumentException if there are fewer than two
   */
  public ComparisonReport compare(Map<String, Candidate> candidates) {
    Texts.require("candidates", candidates);
    if (candidates.size() < 2) {
      throw new IllegalArgumentException(
          "candidates: expected a baseline and at least one other, found " + candidates.keySet());
    }
    List<EvaluationReport> reports = new ArrayList<>();
    candidates.forEach((name, candidate) -> reports.add(evaluate(name, candidate)));
    return compare(reports);
  }

  /**
   * Compares reports of this evaluator's tasks, such as those of models that do not fit into memory
   * together.
   *
   * @param reports the baseline first
   * @return the comparison
   * @throws IllegalArgumentException if there are fewer than two, or their items differ
   */
  public ComparisonReport compare(List<EvaluationReport> reports) {
    Texts.requireAll("reports", reports);
    if (reports.size() < 2) {
      throw new IllegalArgumentException(
          "reports: expected a baseline and at least one other, found " + reports.size());
    }
    EvaluationReport baseline = reports.get(0);
    List<TaskComparison> comparisons = new ArrayList<>();
    for (EvaluationReport report : reports.subList(1, reports.size())) {
      for (TaskResult result : report.results()) {
        comparisons.add(comparing.compare(report, baseline, result));
      }
    }
    return new ComparisonReport(reports, comparisons, retentionThreshold);
  }

  /** Builder of an evaluator. */
  public static final class Builder {

    private static final double RETENTION = 0.98;

    private final List<Task> tasks = new ArrayList<>();
    private @Nullable Path replies;
    private int answersAtOnce = 16;
    private int likelihoodsAtOnce = 256;
    private Bootstrap bootstrap = Bootstrap.DEFAULT;
    private double retentionThreshold = RETENTION;
    private EvaluationListener listener = (candidate, done, all) -> {};

    private Builder() {}

    /**
     * Adds tasks.
     *
     * @param more the tasks, each with a unique name
     */
    public Builder tasks(Task... more) {
      Texts.requireAll("more", more);
      tasks.addAll(List.of(more));
      return this;
    }

    /** Adds tasks, such as those of a file ({@link io.adapt4j.eval.task.Tasks#read}). */
    public Builder tasks(List<Task> more) {
      Texts.requireAll("more", more);
      tasks.addAll(more);
      return this;
    }

    /**
     * Stores replies in a folder, one file per candidate, and sends only requests without a stored
     * reply.
     *
     * @param folder the folder, created if absent
     */
    public Builder replies(Path folder) {
      replies = Objects.requireNonNull(folder, "folder");
      return this;
    }

    /**
     * Sets the batch sizes of requests.
     *
     * @param answers prompts in a batch; default 16
     * @param likelihoods continuations to score in a batch; default 256
     * @throws IllegalArgumentException if one is below 1
     */
    public Builder batch(int answers, int likelihoods) {
      if (answers < 1 || likelihoods < 1) {
        throw new IllegalArgumentException(
            "batch: expected 1 or more, found " + answers + " and " + likelihoods);
      }
      answersAtOnce = answers;
      likelihoodsAtOnce = likelihoods;
      return this;
    }

    /**
     * Sets the bootstrap of confidence intervals.
     *
     * @param settings resamples, confidence and seed; metrics that are not means use at most 1,000
     *     resamples
     */
    public Builder bootstrap(Bootstrap settings) {
      bootstrap = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /**
     * Sets the share of the baseline's score on a general task that counts as retained.
     *
     * @param share above 0, up to 1; default 0.98
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder retention(double share) {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException(
            "retention: expected a share above 0, up to 1, found " + share);
      }
      retentionThreshold = share;
      return this;
    }

    /**
     * Sets a listener for progress.
     *
     * @param hears called on the evaluating thread after each batch
     */
    public Builder listener(EvaluationListener hears) {
      listener = Objects.requireNonNull(hears, "hears");
      return this;
    }

    /**
     * Builds the evaluator.
     *
     * @return the evaluator
     * @throws IllegalArgumentException if there are no tasks, or two have the same name
     */
    public Evaluator build() {
      if (tasks.isEmpty()) {
        throw new IllegalArgumentException("tasks: expected at least one; add it with tasks(...)");
      }
      Set<String> names = new HashSet<>();
      for (Task task : tasks) {
        if (!names.add(task.name())) {
          throw new IllegalArgumentException(
              "tasks: two are called '" + task.name() + "'; rename one with named(...)");
        }
      }
      return new Evaluator(this);
    }
  }
}
