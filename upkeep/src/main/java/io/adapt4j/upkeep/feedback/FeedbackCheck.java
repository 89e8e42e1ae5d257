package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.quality.DataCleaner;
import io.adapt4j.core.internal.Words;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Checks of rows before training: rows that repeat others or are in an exam are left out, and no
 * customer gives more than a share of the rows, so that nobody can steer the model alone.
 *
 * <pre>{@code
 * FeedbackRows checked = FeedbackCheck.of(rows).exam(exam).customerShare(0.1, 20).run();
 * System.out.print(checked.text());
 * }</pre>
 */
public final class FeedbackCheck {

  private static final double NEAR = 0.9;
  private static final double SHARE = 0.1;
  private static final int AT_LEAST = 10;

  private final FeedbackRows rows;
  private @Nullable Dataset exam;
  private double near = NEAR;
  private double share = SHARE;
  private int atLeast = AT_LEAST;

  private FeedbackCheck(FeedbackRows rows) {
    this.rows = Objects.requireNonNull(rows, "rows");
  }

  /**
   * Starts checking rows.
   *
   * @param rows the rows
   * @return the check; finish with {@link #run()}
   */
  public static FeedbackCheck of(FeedbackRows rows) {
    return new FeedbackCheck(rows);
  }

  /**
   * Sets an exam. Rows are left out that contain a quarter of an exam row's word 13-grams, all of a
   * shorter one, or the same last question. Default: none.
   *
   * @param examRows rows of the exam
   */
  public FeedbackCheck exam(Dataset examRows) {
    this.exam = examRows;
    return this;
  }

  /**
   * Sets the similarity from which a row repeats an earlier one, as in {@link
   * DataCleaner#dropNearDuplicates}. Default: 0.9.
   *
   * @param similarity above 0, up to 1
   * @throws IllegalArgumentException if it is out of range
   */
  public FeedbackCheck near(double similarity) {
    if (!(similarity > 0 && similarity <= 1)) {
      throw new IllegalArgumentException("near: expected above 0, up to 1, found " + similarity);
    }
    this.near = similarity;
    return this;
  }

  /**
   * Sets the maximum share of one customer in the answers and in the preferences. Rows without a
   * customer count as one customer's. The oldest rows are kept. Default: 0.1, at least 10 rows.
   *
   * @param most the share, above 0, up to 1
   * @param rowsAtLeast number of rows that every customer may give, at least 1
   * @throws IllegalArgumentException if a number is out of range
   */
  public FeedbackCheck customerShare(double most, int rowsAtLeast) {
    if (!(most > 0 && most <= 1) || rowsAtLeast < 1) {
      throw new IllegalArgumentException(
          "customerShare: expected a share above 0, up to 1, and at least 1 row, found %s and %d"
              .formatted(most, rowsAtLeast));
    }
    this.share = most;
    this.atLeast = rowsAtLeast;
    return this;
  }

  /**
   * Runs the checks.
   *
   * @return the remaining rows, and what was left out and why
   */
  public FeedbackRows run() {
    Map<String, Integer> omitted = new LinkedHashMap<>(rows.omitted());
    return new FeedbackRows(
        checked(rows.answers(), omitted), checked(rows.preferences(), omitted), omitted);
  }

  private List<FeedbackRow> checked(List<FeedbackRow> all, Map<String, Integer> omitted) {
    List<FeedbackRow> kept =
        without(all, repeated(all, DataCleaner::dropDuplicates), "rows equal to others", omitted);
    kept =
        without(
            kept,
            repeated(kept, cleaner -> cleaner.dropNearDuplicates(near)),
            "rows nearly equal to others",
            omitted);
    kept = without(kept, leaked(kept), "rows that are in the exam", omitted);
    return without(kept, aboveShare(kept), "rows above a customer's share", omitted);
  }

  private static List<FeedbackRow> without(
      List<FeedbackRow> rows, Set<Integer> unwanted, String reason, Map<String, Integer> omitted) {
    if (unwanted.isEmpty()) {
      return rows;
    }
    omitted.merge(reason, unwanted.size(), Integer::sum);
    List<FeedbackRow> kept = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (!unwanted.contains(i)) {
        kept.add(rows.get(i));
      }
    }
    return kept;
  }

  private static Set<Integer> repeated(
      List<FeedbackRow> rows, Function<DataCleaner, DataCleaner> step) {
    List<Example> examples = rows.stream().map(FeedbackRow::example).toList();
    return examples.isEmpty() ? Set.of() : dropped(examples, step);
  }

  private static Set<Integer> dropped(
      List<Example> examples, Function<DataCleaner, DataCleaner> step) {
    DataCleaner cleaner = step.apply(DataCleaner.of(Datasets.of(examples)));
    return new HashSet<>(cleaner.clean().steps().get(0).dropped());
  }

  private Set<Integer> leaked(List<FeedbackRow> rows) {
    Dataset other = exam;
    if (other == null || other.size() == 0 || rows.isEmpty()) {
      return Set.of();
    }
    List<Example> examples = new ArrayList<>(rows.stream().map(FeedbackRow::example).toList());
    // A cleaner does not drop all rows, so one stands at the end that is in no exam.
    examples.add(new Example.Text("\uE000"));
    Set<Integer> leaked = dropped(examples, cleaner -> cleaner.dropLeaked(other));
    Set<String> questions = new HashSet<>();
    for (int row = 0; row < other.size(); row++) {
      questions.add(question(other.get(row)));
    }
    questions.remove("");
    for (int row = 0; row < rows.size(); row++) {
      if (questions.contains(question(examples.get(row)))) {
        leaked.add(row);
      }
    }
    return leaked;
  }

  /** Returns the words of what a row asks last; empty if it asks nothing. */
  private static String question(Example example) {
    if (example instanceof Example.PromptCompletion pair) {
      return Words.normalized(pair.prompt());
    }
    if (example instanceof Example.Preference pair) {
      return Words.normalized(pair.prompt());
    }
    if (example instanceof Example.Classified classified) {
      return Words.normalized(classified.text());
    }
    if (example instanceof Example.Chat chat) {
      return question(chat.messages());
    }
    if (example instanceof Example.ChatPrompt prompt) {
      return question(prompt.messages());
    }
    return example instanceof Example.ChatPreference pair ? question(pair.prompt()) : "";
  }

  private static String question(List<ChatMessage> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).role().equals("user")
          && messages.get(i).content() instanceof String text) {
        return Words.normalized(text);
      }
    }
    return "";
  }

  private Set<Integer> aboveShare(List<FeedbackRow> rows) {
    Map<String, Integer> counts = new HashMap<>();
    rows.forEach(row -> counts.merge(giver(row), 1, Integer::sum));
    int limit = limit(counts);
    Map<String, Integer> kept = new HashMap<>();
    Set<Integer> above = new HashSet<>();
    for (int row = 0; row < rows.size(); row++) {
      if (kept.merge(giver(rows.get(row)), 1, Integer::sum) > limit) {
        above.add(row);
      }
    }
    return above;
  }

  private static String giver(FeedbackRow row) {
    return row.customers().isEmpty() ? "" : row.customers().get(0);
  }

  /**
   * Returns the largest number of rows per customer that is at most the share of all rows that then
   * remain: a share of all rows before would grow with those of the customer who gives too many.
   */
  private int limit(Map<String, Integer> counts) {
    int fits = 0;
    int above = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
    // What remains is a concave function of the limit, so the limits that fit are those up to one.
    while (above - fits > 1) {
      int middle = (fits + above) >>> 1;
      long remaining = counts.values().stream().mapToLong(count -> Math.min(count, middle)).sum();
      if (middle <= share * remaining) {
        fits = middle;
      } else {
        above = middle;
      }
    }
    return Math.max(fits, atLeast);
  }
}
