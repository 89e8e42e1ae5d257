package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/** Warns of gradient norms far above the run's median. */
final class GradientSpikesRule implements WarningRule {

  private static final double FACTOR = 10;
  private static final int SPIKES = 3;
  private static final int WITHIN_STEPS = 200;
  private static final int FEWEST_NORMS = 20;

  private final Sample norms = new Sample(50);
  private final Deque<Integer> spikes = new ArrayDeque<>();

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    double usual = norms.count() < FEWEST_NORMS ? Double.POSITIVE_INFINITY : norms.median();
    norms.add(event.gradientNorm());
    if (event.gradientNorm() <= FACTOR * usual) {
      return Optional.empty();
    }
    spikes.addLast(event.step());
    while (spikes.getFirst() <= event.step() - WITHIN_STEPS) {
      spikes.removeFirst();
    }
    return spikes.size() >= SPIKES ? Optional.of(warning(event, usual)) : Optional.empty();
  }

  private TrainingWarning warning(StepEvent event, double usual) {
    return new TrainingWarning(
        TrainingWarning.Kind.GRADIENT_SPIKES,
        event.step(),
        String.format(
            Locale.ROOT,
            "The gradient norm jumped to %.3g, where %.3g is usual, and did so in steps %s.",
            event.gradientNorm(),
            usual,
            String.join(", ", spikes.stream().map(String::valueOf).toList())),
        "Look for broken rows (very long, garbled or wrongly labeled), lower the learning rate or"
            + " lengthen the warm-up; maxGradientNorm() limits what one step can do.");
  }
}
