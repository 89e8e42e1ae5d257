package io.adapt4j.benchmarks.suite;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What all benchmarks measured, and where and when.
 *
 * @param date when it began, in whole seconds
 * @param profile how long benchmarks took
 * @param only the pattern that chose benchmarks; empty for all of them
 * @param seconds how long it took
 * @param commit the state of the sources
 * @param machine the machine
 * @param versions the software
 * @param results one for each benchmark and setting, in the order of measurement
 */
record Run(
    Instant date,
    Profile profile,
    String only,
    double seconds,
    Commit commit,
    Environment machine,
    Versions versions,
    List<Result> results) {

  Run {
    date = date.truncatedTo(ChronoUnit.SECONDS);
    results = List.copyOf(results);
  }

  /** A name for its files that sorts by date. */
  String fileName() {
    return date.toString().replace(":", "-") + "-" + profile.name().toLowerCase(Locale.ROOT);
  }

  /** All figures, by what makes them comparable with those of another run. */
  Map<FigureKey, Figure> figures() {
    Map<FigureKey, Figure> all = new LinkedHashMap<>();
    for (Result result : results) {
      for (Figure figure : result.figures()) {
        all.put(new FigureKey(result.benchmark(), result.setting(), figure.name()), figure);
      }
    }
    return all;
  }

  List<Result> withStatus(Result.Status status) {
    return results.stream().filter(result -> result.status() == status).toList();
  }
}
