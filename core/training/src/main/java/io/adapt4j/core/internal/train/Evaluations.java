package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * State of a run's evaluations: the one before training, the newest, the best so far, and early
 * stopping. Not thread-safe.
 */
final class Evaluations<B> {

  private final TrainingTask<B> task;
  private final Optional<? extends BatchSource<B>> validation;
  private final TrainingListener listener;

  private Optional<EarlyStopping> patience;
  private OptionalDouble initialLoss = OptionalDouble.empty();
  private Map<String, Double> initialMetrics = Map.of();
  private OptionalDouble bestLoss = OptionalDouble.empty();
  private OptionalInt bestStep = OptionalInt.empty();
  private Map<String, Double> bestMetrics = Map.of();
  private Evaluation<B> newest;
  private OptionalDouble newestLoss = OptionalDouble.empty();
  private Map<String, Double> newestMetrics = Map.of();

  /** Whether the best is final because the newest state belongs to it. */
  private boolean bestIsSettled;

  Evaluations(
      TrainingTask<B> task,
      Optional<? extends BatchSource<B>> validation,
      TrainingListener listener,
      Optional<EarlyStopping> patience) {
    this.task = task;
    this.validation = validation;
    this.listener = listener;
    this.patience = patience;
  }

  /** Evaluates the model before training, the baseline of later evaluations. */
  void evaluateBefore() {
    initialLoss = evaluate(0);
    initialMetrics = newestMetrics;
    double cost = newestCost();
    if (bestStep.isPresent() && !Double.isNaN(cost)) {
      patience = patience.map(state -> state.afterEvaluation(cost));
    }
  }

  /** Evaluates the model after a step and updates early stopping. */
  OptionalDouble evaluateAfter(int step) {
    OptionalDouble loss = evaluate(step);
    if (loss.isPresent()) {
      patience = patience.map(state -> state.afterEvaluation(newestCost()));
    }
    return loss;
  }

  private OptionalDouble evaluate(int step) {
    if (validation.isEmpty()) {
      return OptionalDouble.empty();
    }
    double sum = 0;
    double divisor = 0;
    Evaluation<B> evaluation = task.evaluation();
    Iterator<B> batches = validation.get().epoch(0);
    while (batches.hasNext()) {
      B batch = batches.next();
      sum += evaluation.add(batch);
      divisor += task.weight(batch);
    }
    evaluation.finished(step);
    double loss = sum / divisor;
    Map<String, Double> metrics = evaluation.metrics();
    boolean best = Double.isFinite(loss) && isBest(loss, metrics);
    double perplexity = task.isTokenLoss() ? Math.exp(loss) : Double.NaN;
    listener.evaluated(new EvaluationEvent(step, loss, perplexity, best && step > 0, metrics));
    if (best) {
      bestLoss = OptionalDouble.of(loss);
      bestStep = OptionalInt.of(step);
      bestMetrics = metrics;
    }
    newest = evaluation;
    newestLoss = OptionalDouble.of(loss);
    newestMetrics = metrics;
    return OptionalDouble.of(loss);
  }

  private boolean isBest(double loss, Map<String, Double> metrics) {
    if (bestIsSettled) {
      return false;
    }
    if (bestLoss.isEmpty()) {
      return true;
    }
    double cost = task.selection().cost(loss, metrics);
    double best = task.selection().cost(bestLoss.getAsDouble(), bestMetrics);
    // A metric may be NaN before training, such as the correlation of constant predictions.
    return cost < best || (Double.isNaN(best) && !Double.isNaN(cost));
  }

  private double newestCost() {
    return newestLoss.isEmpty()
        ? Double.NaN
        : task.selection().cost(newestLoss.getAsDouble(), newestMetrics);
  }

  /** Continues from a saved state. */
  void restore(Progress progress) {
    initialLoss = progress.initialValidation();
    initialMetrics = progress.initialMetrics();
    bestLoss = progress.bestValidation();
    bestStep = progress.bestStep();
    bestMetrics = progress.bestMetrics();
    patience = progress.patience();
  }

  /** Resets the best, whose checkpoint is lost; it is chosen among later evaluations. */
  void forgetBest() {
    bestStep = OptionalInt.empty();
    bestLoss = OptionalDouble.empty();
    bestMetrics = Map.of();
  }

  /** Makes the current best final. */
  void settleBest() {
    bestIsSettled = true;
  }

  boolean shouldStop() {
    return patience.map(EarlyStopping::shouldStop).orElse(false);
  }

  /** Writes the further results of the newest evaluation. */
  void writeNewest(Path output) {
    if (newest != null) {
      newest.write(output);
    }
  }

  /** Reports the warning of the last evaluation, if any. */
  void warn(int step) {
    if (newest != null) {
      newest.warning(step).ifPresent(listener::warned);
    }
  }

  Verdict verdict() {
    return new Verdict(
        task.selection(),
        task.isTokenLoss(),
        initialLoss,
        initialMetrics,
        newestLoss,
        newestMetrics,
        bestStep);
  }

  boolean isBestAt(int step) {
    return bestStep.isPresent() && bestStep.getAsInt() == step;
  }

  Optional<EarlyStopping> patience() {
    return patience;
  }

  OptionalDouble initialLoss() {
    return initialLoss;
  }

  Map<String, Double> initialMetrics() {
    return initialMetrics;
  }

  OptionalDouble bestLoss() {
    return bestLoss;
  }

  OptionalInt bestStep() {
    return bestStep;
  }

  Map<String, Double> bestMetrics() {
    return bestMetrics;
  }

  OptionalDouble newestLoss() {
    return newestLoss;
  }

  Map<String, Double> newestMetrics() {
    return newestMetrics;
  }
}
