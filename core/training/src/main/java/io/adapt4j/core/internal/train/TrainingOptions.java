package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.LearningRateSchedule;
import java.util.Map;
import java.util.Optional;

/**
 * Options of the training loop.
 *
 * @param evaluationInterval optimizer steps between evaluations; 0 for the end of each epoch
 */
public record TrainingOptions(
    int epochs,
    int maxSteps,
    int accumulation,
    double learningRate,
    LearningRateSchedule schedule,
    Warmup warmup,
    TrainingStep.Settings step,
    int evaluationInterval,
    boolean keepBest,
    Optional<EarlyStopping> earlyStopping,
    int maxSkippedSteps,
    long seed,
    StateOptions states) {

  /** Returns these options with the identity of the run. */
  public TrainingOptions identifiedBy(Map<String, String> identity) {
    StateOptions identified =
        new StateOptions(
            states.interval(), states.time(), states.kept(), states.resume(), identity);
    return new TrainingOptions(
        epochs,
        maxSteps,
        accumulation,
        learningRate,
        schedule,
        warmup,
        step,
        evaluationInterval,
        keepBest,
        earlyStopping,
        maxSkippedSteps,
        seed,
        identified);
  }

  /**
   * Returns the number of optimizer steps per epoch, the last of which may have fewer
   * micro-batches.
   */
  public int stepsPerEpoch(int microBatches) {
    return (microBatches + accumulation - 1) / accumulation;
  }

  /** Returns the number of optimizer steps of the whole run. */
  public int totalSteps(int microBatches) {
    int all = Math.multiplyExact(epochs, stepsPerEpoch(microBatches));
    return maxSteps > 0 ? Math.min(all, maxSteps) : all;
  }

  /** Returns the number of remaining evaluations, including the one at the end of the run. */
  int evaluationsLeft(int done, int microBatches) {
    int interval = evaluationInterval == 0 ? stepsPerEpoch(microBatches) : evaluationInterval;
    int all = totalSteps(microBatches);
    boolean present = done % interval == 0;
    boolean last = all % interval != 0;
    return all / interval - done / interval + (present ? 1 : 0) + (last ? 1 : 0);
  }
}
