package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Optional;

/** Warns of process memory that keeps growing, judged by the minimum of each block of steps. */
final class MemoryGrowingRule implements WarningRule {

  private static final int BLOCK = 100;
  private static final int RISES = 5;
  private static final double EACH_RISE = 0.01;
  private static final double WHOLE_RISE = 0.2;
  private static final long LEAST_BYTES = 256L << 20;

  private long leastOfBlock = Long.MAX_VALUE;
  private int steps;
  private long start;
  private long last;
  private int rises;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    if (event.resources().residentBytes().isEmpty()) {
      return Optional.empty();
    }
    leastOfBlock = Math.min(leastOfBlock, event.resources().residentBytes().getAsLong());
    steps++;
    if (steps < BLOCK) {
      return Optional.empty();
    }
    long least = leastOfBlock;
    leastOfBlock = Long.MAX_VALUE;
    steps = 0;
    boolean rose = last > 0 && least > last * (1 + EACH_RISE);
    rises = rose ? rises + 1 : 0;
    if (!rose) {
      start = least;
    }
    last = least;
    boolean grown = least - start >= Math.max(LEAST_BYTES, WHOLE_RISE * start);
    return rises >= RISES && grown ? Optional.of(warning(event.step())) : Optional.empty();
  }

  private TrainingWarning warning(int step) {
    return new TrainingWarning(
        TrainingWarning.Kind.MEMORY_GROWING,
        step,
        String.format(
            Locale.ROOT,
            "The memory of the process rose from %d to %d MiB in %d steps and went on rising.",
            start >> 20,
            last >> 20,
            rises * BLOCK),
        "Look for a listener or application code that keeps what it is given. Save states often"
            + " (saveEvery()), so that a run killed for its memory can go on with resume().");
  }
}
