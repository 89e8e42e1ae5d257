package io.adapt4j.benchmarks.suite;

import java.util.List;

/** Result of one benchmark in one setting. */
record Result(
    String benchmark, String setting, Status status, String reason, List<Measurement> figures) {

  /** Status of a benchmark. */
  enum Status {
    /** It ran. */
    MEASURED,
    /** A prerequisite is missing. */
    SKIPPED,
    /** It ended with an error. */
    FAILED
  }

  Result {
    figures = List.copyOf(figures);
    long names = figures.stream().map(Measurement::name).distinct().count();
    if (names < figures.size()) {
      throw new IllegalArgumentException(
          benchmark
              + " has two figures of one name: "
              + figures.stream().map(Measurement::name).sorted().toList());
    }
  }

  static Result measured(String benchmark, String setting, List<Measurement> figures) {
    return new Result(benchmark, setting, Status.MEASURED, "", figures);
  }

  static Result skipped(String benchmark, String setting, String reason) {
    return new Result(benchmark, setting, Status.SKIPPED, reason, List.of());
  }

  static Result failed(String benchmark, String setting, String reason) {
    return new Result(benchmark, setting, Status.FAILED, reason, List.of());
  }

  String title() {
    return (benchmark + " " + setting).strip();
  }
}
