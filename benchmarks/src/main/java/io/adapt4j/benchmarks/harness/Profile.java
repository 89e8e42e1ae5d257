package io.adapt4j.benchmarks.harness;

import java.time.Duration;
import java.util.Locale;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Size of a benchmark run. */
public enum Profile {
  /** A few minutes: fewer and shorter repetitions, only bf16 where there are both precisions. */
  QUICK(Duration.ofMinutes(5)),
  /** A quarter of an hour: the figures beside other programs that the documentation publishes. */
  PUBLISHED(Duration.ofMinutes(8)),
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

  /** Returns the profile's name on the command line. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  String[] lines(InSuite program) {
    return switch (this) {
      case QUICK -> program.quick();
      case PUBLISHED -> program.published();
      case FULL -> program.full();
    };
  }
}
