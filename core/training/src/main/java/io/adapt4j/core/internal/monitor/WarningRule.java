package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Optional;

/**
 * Detector of one pattern in the events of a run. Its result depends only on these events, in
 * order. When in doubt it stays silent: noise must not raise a warning.
 */
interface WarningRule {

  default Optional<TrainingWarning> step(StepEvent event) {
    return Optional.empty();
  }

  default Optional<TrainingWarning> skipped(SkippedStep event) {
    return Optional.empty();
  }

  default Optional<TrainingWarning> ended(RunEnd event) {
    return Optional.empty();
  }

  default Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    return Optional.empty();
  }
}
