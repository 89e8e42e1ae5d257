package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Implementation of a {@link FineTuningMethod}: which parameters of a model train, and what is
 * saved. Looked up by {@link Methods}; a decorator of methods implements it itself.
 */
public interface MethodMechanics extends FineTuningMethod {

  /** Returns the chosen method, as written in a run's description. */
  FineTuningMethod chosen();

  @Override
  default String description() {
    return chosen().description();
  }

  /**
   * Returns the identity of this method: everything that affects training. Runs with different
   * identities cannot resume from each other.
   */
  default String identity() {
    return description();
  }

  /** Returns the folder that this method continues from. */
  default Optional<Path> start() {
    return Optional.empty();
  }

  /** Returns the order in which this method stacks the model's layers, if it is a new one. */
  default Optional<LayerStack> layerStack() {
    return Optional.empty();
  }

  /** Returns the errors of this method for a model, before any weight is read. */
  List<String> problems(Network declared, Path base);

  /** Returns warnings about unusual but valid choices of this method for a model. */
  default List<String> questions(Network declared) {
    return List.of();
  }

  /** Returns the defaults of a run and the usual learning rates. */
  default TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.lowRank(description(), task);
  }

  /**
   * Returns the identifier of this method among the measured runs of the study of forgetting; empty
   * if no run resembled it.
   */
  default Optional<String> measuredAs() {
    return Optional.empty();
  }

  /** Returns the number of trainable values. */
  long trainableParameters(Network declared);

  /** Returns the format of the frozen base weights. */
  default WeightFormat weightFormat() {
    return WeightFormat.asStored();
  }

  /** Returns whether activations are checkpointed by default. */
  default boolean recomputesLayers() {
    return false;
  }

  /**
   * Returns whether the base's own parameters train, so that it cannot serve as the reference
   * model.
   */
  default boolean trainsBase() {
    return false;
  }

  /**
   * Returns the method's learning-rate multipliers for some of its parameters. Those of the run's
   * options take precedence.
   */
  default List<LearningRateFactor> rateFactors() {
    return List.of();
  }

  /** Returns what training by this method adds to a model's memory. */
  default TrainableSummary trainableSummary(Network declared) {
    return TrainableSummary.ofValues(trainableParameters(declared));
  }

  /**
   * Returns the number of frozen values that this method keeps a second copy of, in the compute
   * type.
   */
  default long copiedValues(Network declared) {
    return 0;
  }

  /**
   * Returns whether this method trains a low-rank update of a projection whose first values may be
   * set by {@link io.adapt4j.core.internal.nn.linear.Linear#cancelOutputs}.
   */
  default boolean canCancel(Network declared, String path) {
    return false;
  }

  /** Returns whether forward passes over the training data precede training. */
  default boolean initializesFromData() {
    return false;
  }

  /**
   * Returns whether a second network can share the weights that this method leaves alone and have a
   * copy of those that it trains ({@link Adaptation#copyOn}).
   */
  default boolean copies(Network declared) {
    return false;
  }

  /** Prepares a model for training. */
  Adaptation attach(Network network, Path base, long seed);
}
