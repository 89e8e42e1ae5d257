package io.adapt4j.core.merge;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Search for the weights of a merge that score best: a pattern search (Hooke and Jeeves 1961) that
 * starts at the merge's own weights, changes one at a time by a step, and halves the step when no
 * change helps. Deterministic if the score is. Immutable.
 *
 * <p>The score decides between models, so it must come from data that the final evaluation does not
 * use.
 */
public final class MergeSearch {

  private static final double SMALLEST_STEP = 0.01;

  private final ModelMerge merge;
  private final double step;
  private final int evaluations;

  private MergeSearch(ModelMerge merge, double step, int evaluations) {
    this.merge = merge;
    this.step = step;
    this.evaluations = evaluations;
  }

  /**
   * Weights and their score.
   *
   * @param weights in the order in which the models were added
   * @param score higher is better; NaN counts as worst
   */
  public record Trial(List<Double> weights, double score) {

    /** Copies the weights. */
    public Trial {
      weights = List.copyOf(weights);
    }
  }

  /**
   * Creates a search.
   *
   * @param merge the merge, with the weights to start at
   * @return the search, with a step of 0.25 and at most 20 evaluations
   * @throws IllegalArgumentException if the merge has no models
   */
  public static MergeSearch of(ModelMerge merge) {
    Texts.require("merge", merge);
    if (merge.weights().isEmpty()) {
      throw new IllegalArgumentException("merge: expected models to weigh, found none");
    }
    return new MergeSearch(merge, 0.25, 20);
  }

  /**
   * Sets the first change of a weight.
   *
   * @param size at least 0.01
   * @return a changed copy
   * @throws IllegalArgumentException if the size is out of range
   */
  public MergeSearch step(double size) {
    if (!(size >= SMALLEST_STEP) || !Double.isFinite(size)) {
      throw new IllegalArgumentException("step: expected at least 0.01, found " + size);
    }
    return new MergeSearch(merge, size, evaluations);
  }

  /**
   * Sets the maximum number of merges to score.
   *
   * @param most at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if the number is out of range
   */
  public MergeSearch evaluations(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("evaluations: expected at least 1, found " + most);
    }
    return new MergeSearch(merge, step, most);
  }

  /**
   * Searches, and writes the merge with the best weights. Until then, one merge at a time is in a
   * folder beside the output.
   *
   * @param score evaluates a checkpoint, such as the accuracy of a task
   * @param output output folder, which must not exist
   * @return the trials, best first; of equal ones the earlier
   * @throws IllegalArgumentException if the output exists
   * @throws CheckpointException if a model cannot be merged, or the result cannot be written
   */
  public List<Trial> run(ToDoubleFunction<Path> score, Path output) {
    if (Files.exists(output)) {
      throw new IllegalArgumentException(
          output + ": expected a folder that does not exist; delete it or name another one");
    }
    Path candidate = output.resolveSibling(output.getFileName() + ".candidate");
    List<Trial> trials = new ArrayList<>();
    Trial best = tried(merge.weights(), score, candidate, trials).orElseThrow();
    for (double size = step; size >= SMALLEST_STEP && trials.size() < evaluations; ) {
      Trial better = around(best, size, score, candidate, trials);
      size = better.equals(best) ? size / 2 : size;
      best = better;
    }
    merge.withWeights(best.weights()).write(candidate);
    try {
      AtomicFolders.publish(candidate, output);
    } catch (IOException e) {
      throw new CheckpointException(
          output + " cannot be written: " + WriteFailure.explain(output, e) + ".", e);
    }
    trials.sort(Comparator.comparingDouble((Trial trial) -> comparable(trial.score())).reversed());
    return List.copyOf(trials);
  }

  /** Returns the best of the weights found by changing one after the other. */
  private Trial around(
      Trial from, double size, ToDoubleFunction<Path> score, Path candidate, List<Trial> trials) {
    Trial best = from;
    for (int i = 0; i < from.weights().size(); i++) {
      for (double change : new double[] {size, -size}) {
        List<Double> changed = new ArrayList<>(best.weights());
        changed.set(i, changed.get(i) + change);
        Optional<Trial> trial = tried(changed, score, candidate, trials);
        if (trial.isPresent() && comparable(trial.get().score()) > comparable(best.score())) {
          best = trial.get();
          break;
        }
      }
    }
    return best;
  }

  /** Scores weights; returns nothing if they were tried before, or no evaluation is left. */
  private Optional<Trial> tried(
      List<Double> weights, ToDoubleFunction<Path> score, Path candidate, List<Trial> trials) {
    if (trials.size() == evaluations
        || trials.stream().anyMatch(trial -> trial.weights().equals(weights))) {
      return Optional.empty();
    }
    try {
      delete(candidate);
      merge.withWeights(weights).write(candidate);
      Trial trial = new Trial(weights, score.applyAsDouble(candidate));
      trials.add(trial);
      delete(candidate);
      return Optional.of(trial);
    } catch (RuntimeException | Error e) {
      AtomicFolders.discard(candidate);
      throw e;
    }
  }

  private static double comparable(double score) {
    return Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
  }

  private static void delete(Path folder) {
    try {
      if (Files.exists(folder)) {
        // In place, so that what is left is found again.
        Temporaries.deleteTree(folder);
      }
    } catch (IOException e) {
      throw new CheckpointException(
          folder + " cannot be deleted: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }
}
