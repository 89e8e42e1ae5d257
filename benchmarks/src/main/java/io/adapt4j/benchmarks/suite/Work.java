package io.adapt4j.benchmarks.suite;

import java.util.List;

/** A benchmark that a run measures. */
sealed interface Work permits JmhWork, ProgramWork {

  /** What it is called in patterns and messages. */
  String name();

  /** Measures it; what goes wrong is a result too. */
  List<Result> measure();
}
