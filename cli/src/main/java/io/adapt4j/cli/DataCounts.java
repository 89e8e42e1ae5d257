package io.adapt4j.cli;

import io.adapt4j.core.RunDescription;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.data.quality.Finding;
import java.util.List;

/** The checks of {@code validate} that cost little, as a training tells of them. */
final class DataCounts {

  /** More rows are left to {@code validate}: a training begins at once. */
  private static final int MOST_ROWS = 200_000;

  /** What takes long, or cannot be told without the tokenizer. */
  private static final Check[] COSTLY = {Check.NEAR_DUPLICATE, Check.PERSONAL_DATA};

  private DataCounts() {}

  /**
   * Looks for what is wrong with the data of a run.
   *
   * @return a sentence for each kind of error and warning, with its count and the first place
   */
  static List<String> of(RunDescription description) {
    Split data = description.data();
    if (data.train().size() > MOST_ROWS) {
      return List.of();
    }
    DataReport report = DataChecker.of(data).without(COSTLY).examples(1).check();
    return report.checks().stream()
        .filter(check -> check.severity().compareTo(Check.Severity.WARNING) >= 0)
        .filter(check -> report.count(check) > 0)
        .map(check -> sentence(check, report))
        .toList();
  }

  private static String sentence(Check check, DataReport report) {
    List<Finding> first = report.findings(check);
    return "%s in the data: %s: %d%s; 'adapt4j validate' shows them."
        .formatted(
            check.severity() == Check.Severity.ERROR ? "error" : "warning",
            check.title(),
            report.count(check),
            first.isEmpty()
                ? ""
                : ", the first at " + first.get(0).place() + ": " + first.get(0).message());
  }
}
