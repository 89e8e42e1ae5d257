package io.adapt4j.spark.internal.train;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import io.adapt4j.spark.internal.serial.Sent;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** An event of a run with its sequence number, sent to the driver. */
record RunEvent(int attempt, long number, Sent<Record> event) implements Serializable {

  boolean isA(Class<? extends Record> type) {
    return event.isA(type);
  }

  boolean isAfter(@Nullable RunEvent other) {
    return other == null
        || attempt > other.attempt
        || (attempt == other.attempt && number > other.number);
  }

  static void tell(TrainingListener listener, Record event) {
    if (event instanceof RunStart start) {
      listener.started(start);
    } else if (event instanceof ResumeEvent resumed) {
      listener.resumed(resumed);
    } else if (event instanceof StepEvent step) {
      listener.step(step);
    } else if (event instanceof EvaluationEvent evaluated) {
      listener.evaluated(evaluated);
    } else if (event instanceof CheckpointEvent saved) {
      listener.checkpointSaved(saved);
    } else if (event instanceof SkippedStep skipped) {
      listener.skipped(skipped);
    } else if (event instanceof TrainingWarning warning) {
      listener.warned(warning);
    } else if (event instanceof RunEnd end) {
      listener.ended(end);
    } else {
      throw new IllegalStateException("no event: " + event);
    }
  }
}
