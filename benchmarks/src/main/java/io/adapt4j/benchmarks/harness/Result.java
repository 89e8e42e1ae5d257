package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * Result of one benchmark in one setting.
 *
 * @param setting command line or parameters; null if they were not recorded
 * @param reason why it was not measured, else null
 */
record Result(
    String benchmark, String setting, Status status, String reason, List<Measurement> figures) {

  /** Whether a benchmark ran, lacked its files, or ended with an error. */
  enum Status {
    @JsonProperty("measured")
    MEASURED,
    @JsonProperty("skipped")
    SKIPPED,
    @JsonProperty("failed")
    FAILED
  }

  Result {
    figures = List.copyOf(figures);
    List<String> names = figures.stream().map(Measurement::name).sorted().toList();
    if (names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException(benchmark + " has two figures of one name: " + names);
    }
  }

  static Result measured(String benchmark, String setting, List<Measurement> figures) {
    return new Result(benchmark, setting, Status.MEASURED, null, figures);
  }

  static Result skipped(String benchmark, String setting, String reason) {
    return new Result(benchmark, setting, Status.SKIPPED, reason, List.of());
  }

  static Result failed(String benchmark, String setting, String reason) {
    return new Result(benchmark, setting, Status.FAILED, reason, List.of());
  }

  Result withoutTargets() {
    return new Result(
        benchmark,
        setting,
        status,
        reason,
        figures.stream().map(Measurement::withoutTarget).toList());
  }

  String title() {
    return setting == null ? benchmark : (benchmark + " " + setting).strip();
  }
}
