package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Optional;

/** Warns of a rising training loss. */
final class LossRisingRule implements WarningRule {

  private static final int BLOCK = 20;
  private static final int BLOCKS = 2;
  private static final double RELATIVE_RISE = 0.1;
  private static final double STANDARD_ERRORS = 6;

  private final Sample block = new Sample(BLOCK);
  private double lowest = Double.NaN;
  private int endOfLowest;
  private double squaredErrors;
  private int blocks;
  private int risen;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    block.add(event.loss());
    if (!block.isFull()) {
      return Optional.empty();
    }
    double mean = block.mean();
    squaredErrors += Math.pow(block.standardError(), 2);
    blocks++;
    block.clear();
    if (!(mean >= lowest)) {
      lowest = mean;
      endOfLowest = event.step();
    }
    double rise = mean - lowest;
    // The run's average standard error: the lowest block's own is often too low by chance.
    double error = Math.sqrt(squaredErrors / blocks);
    boolean clear = rise > RELATIVE_RISE * lowest && rise > STANDARD_ERRORS * error;
    risen = clear ? risen + 1 : 0;
    return risen >= BLOCKS ? Optional.of(warning(event.step(), mean)) : Optional.empty();
  }

  private TrainingWarning warning(int step, double mean) {
    return new TrainingWarning(
        TrainingWarning.Kind.LOSS_RISING,
        step,
        String.format(
            Locale.ROOT,
            "The training loss rose from %.4f (%d steps up to step %d) to %.4f.",
            lowest,
            BLOCK,
            endOfLowest,
            mean),
        "Lower the learning rate by a factor of 3 to 10, or lengthen the warm-up.");
  }
}
