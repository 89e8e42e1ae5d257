package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link FineTuningMethod} does to a model: which values train, and what is saved. {@link
 * Methods} finds it; a decorator of methods implements it itself.
 */
public interface MethodMechanics extends FineTuningMethod {

  /** Returns what was chosen, as it is written in a description of a run. */
  FineTuningMethod chosen();

  @Override
  default String description() {
    return chosen().description();
  }

  /**
   * Tells this method from others: everything that decides how training goes. Runs with different
   * identities cannot continue from each other.
   */
  default String identity() {
    return description();
  }

  /** Returns what this method continues from. */
  default Optional<Path> start() {
    return Optional.empty();
  }

  /** Finds what is wrong with this method for a model, before any weight is read. */
  List<String> problems(Network declared, Path base);

  /** Questions what is unusual in this method for a model but no reason to refuse it. */
  default List<String> questions(Network declared) {
    return List.of();
  }

  /** States what a run does where nothing is said, and which learning rates are usual. */
  default TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.lowRank(description(), task);
  }

  /** The number of values that would train. */
  long trainableParameters(Network declared);

  /** Says how the frozen weights of the base are to be held. */
  default WeightFormat weightFormat() {
    return WeightFormat.asStored();
  }

  /** Says whether layers are recomputed in the backward pass where the run does not say itself. */
  default boolean recomputesLayers() {
    return false;
  }

  /**
   * Returns whether the values of the base train, so that what it said before is not there to be
   * compared with.
   */
  default boolean trainsBase() {
    return false;
  }

  /**
   * Learning rates the method wants for some of its values, as factors on that of the step. Those
   * of the run's own options come first.
   */
  default List<LearningRateFactor> rateFactors() {
    return List.of();
  }

  /** Tells what training by this method adds to a model's memory. */
  default TrainableSummary trainableSummary(Network declared) {
    return TrainableSummary.ofValues(trainableParameters(declared));
  }

  /**
   * Tells how many frozen values training by this method holds a second time, in the compute type.
   */
  default long copiedValues(Network declared) {
    return 0;
  }

  /** Prepares a model for training. */
  Adaptation attach(Network network, Path base, long seed);
}
