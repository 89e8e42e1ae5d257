package io.adapt4j.benchmarks.harness;

import java.util.List;

/** A benchmark to measure. */
sealed interface Work permits JmhWork, ProgramWork {

  /** Returns the benchmark's name in patterns and messages. */
  String name();

  /** Returns the name with the command line, if there is one. */
  String title();

  /** Measures the benchmark; a failure is a result too. */
  List<Result> measure();
}
