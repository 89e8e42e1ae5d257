package io.adapt4j.benchmarks.suite;

import java.time.Duration;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Size of a benchmark run. */
public enum Profile {
  /**
   * A few minutes: fewer and shorter repetitions, and only bf16 if a benchmark has both precisions.
   */
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
  /** An hour or more: settings of the classes, and every program at full size. */
  FULL(Duration.ofHours(2)) {
    @Override
    void shorten(ChainedOptionsBuilder options) {
      // Keeps the benchmarks' own settings.
    }
  };

  private final Duration most;

  Profile(Duration most) {
    this.most = most;
  }

  /** Returns the timeout of a program. */
  Duration most() {
    return most;
  }

  /** Overrides settings of a JMH benchmark's annotations. */
  abstract void shorten(ChainedOptionsBuilder options);

  String[] lines(InSuite program) {
    return this == QUICK ? program.quick() : program.full();
  }
}
