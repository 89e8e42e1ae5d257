package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.data.quality.Finding;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Data quality findings reported before a run trains: the checks that are cheap compared with
 * tokenization and have few false positives.
 */
final class DataFindings {

  /** Checks of individual rows. */
  private static final Set<Check> OF_ROWS =
      EnumSet.of(
          Check.MALFORMED_ROW,
          Check.EMPTY_ANSWER,
          Check.ROLE_ORDER,
          Check.SECRET,
          Check.ENCODING_DAMAGE,
          Check.SIMILAR_LABELS);

  /** Checks that keep a part of every row in memory. */
  private static final Set<Check> OF_ALL =
      EnumSet.of(Check.EXACT_DUPLICATE, Check.CONTRADICTORY_LABEL, Check.LEAKAGE);

  private static final int MOST_ROWS_KEPT = 200_000;

  private DataFindings() {}

  /** Checks the training data, and the validation data for rows of it. */
  static List<String> of(FineTuneSettings settings) {
    Dataset train = settings.train();
    Optional<Dataset> held = settings.validation();
    Set<Check> wanted = EnumSet.copyOf(OF_ROWS);
    if (train.size() + held.map(Dataset::size).orElse(0) <= MOST_ROWS_KEPT) {
      wanted.addAll(OF_ALL);
    }
    DataChecker checker =
        DataChecker.of(train)
            .examples(1)
            .without(EnumSet.complementOf(EnumSet.copyOf(wanted)).toArray(new Check[0]));
    held.ifPresent(checker::testedOn);
    DataReport report = checker.check();
    List<String> lines = new ArrayList<>();
    for (Check.Severity severity : List.of(Check.Severity.ERROR, Check.Severity.WARNING)) {
      for (Check check : wanted) {
        if (check.severity() == severity && report.count(check) > 0) {
          lines.add(line(check, report));
        }
      }
    }
    return List.copyOf(lines);
  }

  private static String line(Check check, DataReport report) {
    String title =
        check == Check.LEAKAGE ? "validation rows that are in the training data" : check.title();
    String first = report.findings(check).stream().findFirst().map(DataFindings::worded).orElse("");
    return String.format(
        Locale.ROOT, "%s: %s: %,d%s", check.severity(), title, report.count(check), first);
  }

  private static String worded(Finding finding) {
    return " (first: " + finding.place() + ": " + finding.message() + ")";
  }
}
