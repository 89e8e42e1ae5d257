package io.adapt4j.benchmarks.suite;

import java.time.Duration;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** How long a run may take. */
public enum Profile {
  /** A few minutes: fewer and shorter repetitions, and bf16 alone where a benchmark has both. */
  QUICK(Duration.ofMinutes(5)) {
    @Override
    void shorten(ChainedOptionsBuilder options) {
      options
          .warmupIterations(2)
          .measurementIterations(5)
          .warmupTime(TimeValue.milliseconds(400))
          .measurementTime(TimeValue.milliseconds(400))
          .param("type", "BF16")
          .param("precision", "BF16");
    }
  },
  /** An hour or more: what the classes say, and every program at its full size. */
  FULL(Duration.ofHours(2)) {
    @Override
    void shorten(ChainedOptionsBuilder options) {
      // As the benchmarks themselves have it.
    }
  };

  private final Duration most;

  Profile(Duration most) {
    this.most = most;
  }

  /** The time after which a program is given up. */
  Duration most() {
    return most;
  }

  /** Sets what differs from a JMH benchmark's own annotations. */
  abstract void shorten(ChainedOptionsBuilder options);

  String[] lines(InSuite program) {
    return this == QUICK ? program.quick() : program.full();
  }
}
