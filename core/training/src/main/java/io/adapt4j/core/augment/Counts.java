package io.adapt4j.core.augment;

import io.adapt4j.core.augment.AugmentationReport.Rejected;
import io.adapt4j.core.text.GeneratedText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Mutable counters of a report. */
final class Counts {

  private static final int EXAMPLES = 3;

  private final String dataset;
  private final int rows;
  private final Map<Rejection, Integer> rejected = new EnumMap<>(Rejection.class);
  private final List<Rejected> examples = new ArrayList<>();
  private final List<Integer> incomplete = new ArrayList<>();
  private int done;
  private int asked;
  private int produced;
  private int calls;
  private int cached;
  private long promptTokens;
  private long newTokens;

  Counts(String dataset, int rows) {
    this.dataset = dataset;
    this.rows = rows;
  }

  void answered(GeneratedText answer) {
    if (answer.cached()) {
      cached++;
      return;
    }
    calls++;
    answer
        .usage()
        .ifPresent(
            usage -> {
              promptTokens += usage.promptTokens();
              newTokens += usage.newTokens();
            });
  }

  void refused() {
    calls++;
  }

  void reject(int row, Rejection reason, String original, String text) {
    int count = rejected.merge(reason, 1, Integer::sum);
    if (count <= EXAMPLES) {
      examples.add(new Rejected(row, reason, original, text));
    }
  }

  void finished(int row, int wanted, int made) {
    done++;
    asked += wanted;
    produced += made;
    if (made < wanted) {
      incomplete.add(row);
    }
  }

  AugmentationReport report() {
    return new AugmentationReport(
        dataset,
        rows,
        done,
        asked,
        produced,
        incomplete,
        rejected,
        examples,
        calls,
        cached,
        promptTokens,
        newTokens);
  }
}
