package io.adapt4j.core.internal.data;

import java.util.List;

/** What became of an example: one sample or several, or a reason to leave it out. */
public sealed interface EncodedExample
    permits EncodedExample.Kept, EncodedExample.Split, EncodedExample.Dropped {

  /** Returns what to train on. */
  List<TrainingSample> samples();

  /** An example to train on. */
  record Kept(TrainingSample sample, boolean truncated) implements EncodedExample {

    @Override
    public List<TrainingSample> samples() {
      return List.of(sample);
    }
  }

  /** An example to train on that was split to the limit. */
  record Split(List<TrainingSample> samples) implements EncodedExample {

    /** Copies the list. */
    public Split {
      samples = List.copyOf(samples);
    }
  }

  /** An example to leave out. */
  record Dropped(Reason reason, int tokens) implements EncodedExample {

    @Override
    public List<TrainingSample> samples() {
      return List.of();
    }
  }

  /** Why an example is left out. */
  enum Reason {
    /** It has more tokens than the limit. */
    TOO_LONG,
    /** Within the limit it has no token to learn, apart from an end-of-sequence token. */
    NOTHING_TO_LEARN
  }
}
