package io.adapt4j.core.search;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.search.Strategy.SuccessiveHalving;
import io.adapt4j.core.train.EvaluationEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Hyperparameter search for a fine-tuning: draws random trials and trains them, all to the end or
 * by successive halving.
 *
 * <pre>{@code
 * SearchReport report =
 *     Search.of(
 *             trial ->
 *                 FineTuner.builder()
 *                     .model(model)
 *                     .dataset(split)
 *                     .method(Lora.rank(trial.whole("rank")))
 *                     .learningRate(trial.number("learningRate")))
 *         .logUniform("learningRate", 1e-5, 1e-3)
 *         .choice("rank", 4, 8, 16)
 *         .trials(9)
 *         .halvingByEpochs(1, 9, 3)
 *         .output(Path.of("runs/search"))
 *         .build()
 *         .run();
 * }</pre>
 *
 * <p>The template must provide validation data. It must not set what the search controls: the
 * output folder, {@code resume}, {@code keepBest}, and with successive halving epochs, steps and
 * the evaluation interval.
 *
 * <p>Every finished trial is stored at once. An interrupted search resumes when the same search
 * runs again: finished trials are kept, and the running one resumes from its newest state. A failed
 * trial is recorded, and the search continues.
 */
public final class Search {

  private final Function<Trial, FineTuner.Builder> template;
  private final List<Parameter> space;
  private final int trials;
  private final Strategy strategy;
  private final Objective objective;
  private final long seed;
  private final Path output;
  private final boolean keepAll;
  private final AtomicBoolean stopRequested = new AtomicBoolean();

  private Search(Builder builder) {
    this.template = builder.template;
    this.space = List.copyOf(builder.space);
    this.trials = builder.trials;
    this.strategy = builder.strategy;
    this.objective = builder.objective;
    this.seed = builder.seed;
    this.output = Objects.requireNonNull(builder.output, "output");
    this.keepAll = builder.keepAll;
  }

  /**
   * Creates a builder of a search.
   *
   * @param template creates a fine-tuning from a trial's settings, deterministically
   * @return a builder
   */
  public static Builder of(Function<Trial, FineTuner.Builder> template) {
    return new Builder(Objects.requireNonNull(template, "template"));
  }

  /**
   * Runs the remaining trials of the search.
   *
   * @return the results so far; all of them, unless {@link #stop} was called
   * @throws io.adapt4j.core.train.TrainingException if the folder contains another search, is in
   *     use, or cannot be written
   */
  public SearchReport run() {
    try (SearchFolder folder = SearchFolder.open(output)) {
      folder.describe(description());
      List<TrialResult> results = new ArrayList<>(folder.results());
      List<Trial> candidates = new ArrayList<>();
      for (int i = 0; i < trials; i++) {
        candidates.add(Trial.draw(i, space, seed));
      }
      int rungs = strategy instanceof SuccessiveHalving halving ? halving.budgets().size() : 1;
      for (int rung = 0; rung < rungs; rung++) {
        for (Trial trial : candidates) {
          if (find(results, trial, rung).isEmpty() && !perform(folder, results, trial, rung)) {
            return report(folder, results);
          }
        }
        candidates = survivors(folder, results, candidates, rung, rung == rungs - 1);
      }
      return report(folder, results);
    }
  }

  /** Stops a running search after the current step; it can be resumed later. */
  public void stop() {
    stopRequested.set(true);
  }

  /** Runs a trial and stores its result; returns false if the search was stopped. */
  private boolean perform(SearchFolder folder, List<TrialResult> results, Trial trial, int rung) {
    if (stopRequested.get()) {
      return false;
    }
    TrialRun run =
        new TrialRun(
            trial, rung, strategy, objective, folder.trial(trial.number()), stopRequested::get);
    Optional<TrialResult> result = run.run(template);
    if (result.isEmpty()) {
      return false;
    }
    results.add(result.get());
    folder.store(results);
    if (!keepAll && strategy instanceof Strategy.Random) {
      pruneAllButBest(folder, results);
    }
    return true;
  }

  private static Optional<TrialResult> find(List<TrialResult> results, Trial trial, int rung) {
    return results.stream()
        .filter(result -> result.trial().number() == trial.number() && result.rung() == rung)
        .findFirst();
  }

  /** Returns the best trials of a rung, best first; only the best one of the last rung. */
  private List<Trial> survivors(
      SearchFolder folder,
      List<TrialResult> results,
      List<Trial> candidates,
      int rung,
      boolean last) {
    List<TrialResult> ranked =
        candidates.stream()
            .map(trial -> find(results, trial, rung).orElseThrow())
            .filter(result -> !result.failed())
            .sorted(objective.ranking())
            .toList();
    int eta = strategy instanceof SuccessiveHalving halving ? halving.eta() : 1;
    int kept = last ? 1 : Math.max(1, candidates.size() / eta);
    List<Trial> survivors = ranked.stream().limit(kept).map(TrialResult::trial).toList();
    if (!keepAll) {
      for (Trial trial : candidates) {
        if (!survivors.contains(trial)) {
          folder.prune(trial.number());
        }
      }
    }
    return survivors;
  }

  private void pruneAllButBest(SearchFolder folder, List<TrialResult> results) {
    Optional<TrialResult> best = SearchReport.best(results, objective);
    for (TrialResult result : results) {
      if (best.isEmpty() || !best.get().trial().equals(result.trial())) {
        folder.prune(result.trial().number());
      }
    }
  }

  private SearchReport report(SearchFolder folder, List<TrialResult> results) {
    Optional<TrialResult> best = SearchReport.best(results, objective);
    SearchReport report =
        new SearchReport(
            results,
            objective.name(),
            best,
            best.map(trial -> folder.trial(trial.trial().number()).resolve("best")));
    folder.storeTable(report.csv());
    return report;
  }

  /** Describes everything that determines the trials and their comparison. */
  private ObjectNode description() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode settings = json.putObject("settings");
    space.forEach(parameter -> settings.put(parameter.name(), parameter.toString()));
    if (strategy instanceof SuccessiveHalving) {
      json.put("trials", trials);
    }
    json.put("strategy", strategy.toString());
    json.put("objective", objective.name() + (objective.isLess() ? ", lowest" : ", highest"));
    json.put("seed", seed);
    return json;
  }

  /** Builder of a search. Required: at least one setting, and {@link #output}. */
  public static final class Builder {

    private static final int TRIALS = 16;
    private static final long SEED = 42;

    private final Function<Trial, FineTuner.Builder> template;
    private final List<Parameter> space = new ArrayList<>();
    private int trials = TRIALS;
    private Strategy strategy = new Strategy.Random();
    private Objective objective = Objective.loss();
    private long seed = SEED;
    private @Nullable Path output;
    private boolean keepAll;

    private Builder(Function<Trial, FineTuner.Builder> template) {
      this.template = template;
    }

    private Builder parameter(Parameter parameter) {
      if (space.stream().anyMatch(known -> known.name().equals(parameter.name()))) {
        throw new IllegalArgumentException(
            "the setting '" + parameter.name() + "' is given twice; give each its own name");
      }
      space.add(parameter);
      return this;
    }

    /**
     * Adds a log-uniform setting, as for learning rates.
     *
     * @param name the setting
     * @param low the smallest, above 0
     * @param high the largest
     * @throws IllegalArgumentException if the range is empty or not above 0
     */
    public Builder logUniform(String name, double low, double high) {
      return parameter(new Parameter.LogUniform(name, low, high));
    }

    /**
     * Adds a uniform setting.
     *
     * @param low the smallest
     * @throws IllegalArgumentException if the range is empty
     */
    public Builder uniform(String name, double low, double high) {
      return parameter(new Parameter.Uniform(name, low, high));
    }

    /**
     * Adds a uniform integer setting.
     *
     * @throws IllegalArgumentException if the range is empty
     */
    public Builder whole(String name, long low, long high) {
      return parameter(new Parameter.Whole(name, low, high));
    }

    /**
     * Adds a choice among equally likely values.
     *
     * @param values numbers or strings, at least one
     * @throws IllegalArgumentException if there is none, or one has another type
     */
    public Builder choice(String name, Object... values) {
      return parameter(new Parameter.Choice(name, List.of(values)));
    }

    /**
     * Sets the number of trials; default 16. A larger number keeps the same first trials, so that a
     * random search can be extended.
     *
     * @param number at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder trials(int number) {
      if (number < 1) {
        throw new IllegalArgumentException("trials must be at least 1, found " + number);
      }
      trials = number;
      return this;
    }

    /**
     * Uses successive halving by steps: trains all trials for some steps, and the best ones
     * repeatedly for longer. Default: every trial is trained to its end.
     *
     * @param least initial optimizer steps of all trials
     * @param most optimizer steps of the last trials
     * @param eta factor by which steps increase and trials decrease
     * @throws IllegalArgumentException if {@code least} is not from 1 to {@code most}, or eta is
     *     below 2
     */
    public Builder halvingBySteps(int least, int most, int eta) {
      strategy = new SuccessiveHalving(Strategy.Unit.STEPS, least, most, eta);
      return this;
    }

    /**
     * Uses successive halving by epochs: trains all trials for some epochs, and the best ones
     * repeatedly for longer. Default: every trial is trained to its end.
     *
     * @param least initial epochs of all trials
     * @param most epochs of the last trials
     * @param eta factor by which epochs increase and trials decrease
     * @throws IllegalArgumentException if {@code least} is not from 1 to {@code most}, or eta is
     *     below 2
     */
    public Builder halvingByEpochs(int least, int most, int eta) {
      strategy = new SuccessiveHalving(Strategy.Unit.EPOCHS, least, most, eta);
      return this;
    }

    /**
     * Maximizes a metric of the task, such as {@code accuracy}. Default: minimizes the validation
     * loss.
     *
     * @param metric its name among {@link EvaluationEvent#metrics}
     */
    public Builder maximize(String metric) {
      objective = Objective.highest(metric);
      return this;
    }

    /**
     * Maximizes a metric. Default: minimizes the validation loss.
     *
     * @param name the name of the metric in tables
     * @param metric returns the metric; NaN if an evaluation does not have it
     */
    public Builder maximize(String name, ToDoubleFunction<EvaluationEvent> metric) {
      objective = Objective.highest(name, metric);
      return this;
    }

    /**
     * Minimizes a metric of the task, such as {@code mse}. Default: minimizes the validation loss.
     */
    public Builder minimize(String metric) {
      objective = Objective.lowest(metric);
      return this;
    }

    /**
     * Minimizes a metric. Default: minimizes the validation loss.
     *
     * @param name the name of the metric in tables
     * @param metric returns the metric; NaN if an evaluation does not have it
     */
    public Builder minimize(String name, ToDoubleFunction<EvaluationEvent> metric) {
      objective = Objective.lowest(name, metric);
      return this;
    }

    /**
     * Sets the seed of the drawn settings; default 42.
     *
     * @param value the seed
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the folder of the search.
     *
     * @param folder created if absent; if it contains the same search, that search is resumed
     */
    public Builder output(Path folder) {
      output = folder;
      return this;
    }

    /**
     * Keeps the checkpoints of all trials. Default: only those of the best trial and of trials
     * still in progress.
     */
    public Builder keepAll() {
      keepAll = true;
      return this;
    }

    /**
     * Builds the search.
     *
     * @return the search, ready to run
     * @throws IllegalArgumentException if there is no setting or no output
     */
    public Search build() {
      if (space.isEmpty()) {
        throw new IllegalArgumentException(
            "no settings to search: give logUniform(...), choice(...) or another");
      }
      if (output == null) {
        throw new IllegalArgumentException("no output: give the folder of the search");
      }
      return new Search(this);
    }
  }
}
