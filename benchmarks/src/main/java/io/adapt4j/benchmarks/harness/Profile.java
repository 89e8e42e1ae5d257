package io.adapt4j.benchmarks.harness;

import java.time.Duration;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Size of a benchmark run. */
public enum Profile {
  /** A few minutes: fewer and shorter repetitions, only bf16 where there are both precisions. */
  QUICK(Duration.ofMinutes(5)),
  /** An hour or more: settings of the classes, and every program at full size. */
  FULL(Duration.ofHours(2));

  /** Timeout of a program. */
  final Duration most;

  Profile(Duration most) {
    this.most = most;
  }

  /** Overrides settings of a JMH benchmark's annotations. */
  void shorten(ChainedOptionsBuilder options) {
    if (this == QUICK) {
      options
          .warmupIterations(2)
          .measurementIterations(5)
          .warmupTime(TimeValue.milliseconds(400))
          .measurementTime(TimeValue.milliseconds(400))
          .param("type", "BF16")
          .param("precision", "BF16");
    }
  }

  String[] lines(InSuite program) {
    return this == QUICK ? program.quick() : program.full();
  }
}
