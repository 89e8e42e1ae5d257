package io.adapt4j.eval.report;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The scores of a report that was saved as JSON, for the history chart. */
record StoredReport(String title, Instant written, List<Score> scores) {

  private static final int MAX_BYTES = 4 << 20;

  /** Copies the list. */
  public StoredReport {
    scores = List.copyOf(scores);
  }

  /** A metric of a candidate on a task. */
  record Score(
      String candidate,
      String task,
      String metric,
      boolean largerIsBetter,
      ConfidenceInterval value) {}

  static StoredReport read(Path file) {
    Problems problems = new Problems();
    try {
      Fields fields = Fields.of("", Documents.read(file, MAX_BYTES), problems);
      String schema = fields.text("schema").orElse("none");
      if (!schema.equals(JsonText.SCHEMA)) {
        fields.problem(
            "schema",
            "expected '" + JsonText.SCHEMA + "', found '" + schema + "'; write the report again.");
      }
      problems.finish();
      StoredReport report =
          new StoredReport(
              fields.text("title").orElse(""), written(fields), scores(fields, problems));
      problems.finish();
      return report;
    } catch (SettingsException e) {
      throw new IllegalArgumentException(
          "No report can be read:\n  - " + String.join("\n  - ", e.problems()), e);
    }
  }

  static List<StoredReport> readAll(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(StoredReport::read)
          .sorted(Comparator.comparing(StoredReport::written))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + folder + ": " + e, e);
    }
  }

  private static Instant written(Fields fields) {
    String text = required(fields, "written");
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      fields.problem(
          "written", "expected a time such as 2026-01-31T12:00:00Z, found " + text + ".");
      return Instant.EPOCH;
    }
  }

  private static List<Score> scores(Fields fields, Problems problems) {
    List<Score> scores = new ArrayList<>();
    for (Fields candidate : fields.mappings("candidates")) {
      for (Fields task : candidate.mappings("tasks")) {
        for (Fields metric : task.mappings("figures")) {
          scores.add(
              new Score(
                  required(candidate, "name"),
                  required(task, "name"),
                  required(metric, "name"),
                  metric.flag("larger_is_better").orElse(true),
                  interval(metric)));
        }
      }
    }
    if (scores.isEmpty() && problems.all().isEmpty()) {
      fields.problem("candidates", "expected metrics of at least one candidate, found none.");
    }
    return scores;
  }

  private static String required(Fields fields, String key) {
    fields.require(key, "Write the report again.");
    return fields.text(key).orElse("");
  }

  private static ConfidenceInterval interval(Fields fields) {
    return new ConfidenceInterval(
        number(fields, "value"),
        number(fields, "low"),
        number(fields, "high"),
        number(fields, "confidence"));
  }

  private static double number(Fields fields, String key) {
    return fields.number(key, "a number", any -> true).orElse(Double.NaN);
  }

  Optional<ConfidenceInterval> score(String candidate, String task, String metric) {
    return scores.stream()
        .filter(score -> score.candidate().equals(candidate))
        .filter(score -> score.task().equals(task) && score.metric().equals(metric))
        .map(Score::value)
        .findFirst();
  }
}
