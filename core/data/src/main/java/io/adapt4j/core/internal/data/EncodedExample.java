package io.adapt4j.core.internal.data;

import java.util.List;

/** Result of encoding an example: one or several samples, or a reason to skip it. */
public sealed interface EncodedExample
    permits EncodedExample.Kept, EncodedExample.Split, EncodedExample.Dropped {

  /** Returns the samples to train on. */
  List<TrainingSample> samples();

  /** An example to train on. */
  record Kept(TrainingSample sample, boolean truncated) implements EncodedExample {

    @Override
    public List<TrainingSample> samples() {
      return List.of(sample);
    }
  }

  /** An example that was split into samples within the limit. */
  record Split(List<TrainingSample> samples) implements EncodedExample {

    /** Copies the list. */
    public Split {
      samples = List.copyOf(samples);
    }
  }

  /** A skipped example. */
  record Dropped(Reason reason, int tokens) implements EncodedExample {

    @Override
    public List<TrainingSample> samples() {
      return List.of();
    }
  }

  /** Reason why an example is skipped. */
  enum Reason {
    /** It has more tokens than the limit. */
    TOO_LONG,
    /** Within the limit it has no trained token apart from an end-of-sequence token. */
    NOTHING_TO_LEARN
  }
}
