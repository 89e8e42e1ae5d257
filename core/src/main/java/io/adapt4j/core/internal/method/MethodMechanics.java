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

  /**
   * Returns what was chosen, as it is written in a description of a run.
   *
   * @return the method that these are the mechanics of
   */
  FineTuningMethod chosen();

  @Override
  default String description() {
    return chosen().description();
  }

  /**
   * Tells this method from others: everything that decides how training goes. Runs with different
   * identities cannot continue from each other.
   *
   * @return a text; the description where that says it all
   */
  default String identity() {
    return description();
  }

  /**
   * Returns what this method continues from.
   *
   * @return the folder of a stored adapter; empty where training starts from new values
   */
  default Optional<Path> start() {
    return Optional.empty();
  }

  /**
   * Finds what is wrong with this method for a model, before any weight is read.
   *
   * @param declared the model's structure
   * @param base the model's folder
   * @return one sentence a problem; empty when there is none
   */
  List<String> problems(Network declared, Path base);

  /**
   * Questions what is unusual in this method for a model but no reason to refuse it.
   *
   * @param declared the model's structure
   * @return what is unusual, why it matters and what to do, one text each; empty by default
   */
  default List<String> questions(Network declared) {
    return List.of();
  }

  /**
   * States what a run does where nothing is said, and which learning rates are usual.
   *
   * @param task what the model is trained for
   * @return the defaults; those of low-rank adapters where the method does not say
   */
  default TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.lowRank(description(), task);
  }

  /**
   * The number of values that would train.
   *
   * @param declared the model's structure
   * @return their count
   */
  long trainableParameters(Network declared);

  /**
   * Says how the frozen weights of the base are to be held.
   *
   * @return the format; as the checkpoint stores them where the method does not say
   */
  default WeightFormat weightFormat() {
    return WeightFormat.asStored();
  }

  /**
   * Says whether layers are recomputed in the backward pass where the run does not say itself.
   *
   * @return true for methods that are about memory; false by default
   */
  default boolean recomputesLayers() {
    return false;
  }

  /**
   * Returns whether the values of the base train, so that what it said before is not there to be
   * compared with.
   *
   * @return whether they do; by default not, as with adapters
   */
  default boolean trainsBase() {
    return false;
  }

  /**
   * Learning rates the method wants for some of its values, as factors on that of the step. Those
   * of the run's own options come first.
   *
   * @return the factors; empty for one rate for all
   */
  default List<LearningRateFactor> rateFactors() {
    return List.of();
  }

  /**
   * Tells what training by this method adds to a model's memory.
   *
   * @param declared the model's structure
   * @return what trains and what stands beside the base; a rough answer that errs on the large side
   *     where the method does not say more
   */
  default TrainableSummary trainableSummary(Network declared) {
    return TrainableSummary.ofValues(trainableParameters(declared));
  }

  /**
   * Tells how many frozen values training by this method holds a second time, in the compute type.
   *
   * @param declared the model's structure
   * @return their count; 0 by default
   */
  default long copiedValues(Network declared) {
    return 0;
  }

  /**
   * Prepares a model for training.
   *
   * @param network the model, with its weights
   * @param base the folder they came from, recorded in what is saved
   * @param seed decides random initial values
   * @return what trains now
   */
  Adaptation attach(Network network, Path base, long seed);
}
