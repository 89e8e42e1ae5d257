package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Training rows made of feedback.
 *
 * @param answers rows of {@link io.adapt4j.core.data.Example.Chat} for supervised fine-tuning
 * @param preferences rows of {@link io.adapt4j.core.data.Example.ChatPreference}
 * @param omitted number of entries or rows left out, by reason
 */
public record FeedbackRows(
    List<FeedbackRow> answers, List<FeedbackRow> preferences, Map<String, Integer> omitted) {

  /** Name of the field of written rows with their origin. */
  public static final String ORIGIN = "origin";

  private static final String ANSWERS_FILE = "answers.jsonl";
  private static final String PREFERENCES_FILE = "preferences.jsonl";

  /** Creates rows. */
  public FeedbackRows {
    answers = List.copyOf(answers);
    preferences = List.copyOf(preferences);
    omitted = Collections.unmodifiableMap(new LinkedHashMap<>(omitted));
  }

  /** {@return number of all rows} */
  public int size() {
    return answers.size() + preferences.size();
  }

  /**
   * Returns rows as a dataset, with their origins in its {@link Dataset#source}.
   *
   * @param rows the answers or the preferences, at least one
   * @return the dataset
   * @throws io.adapt4j.core.data.DatasetException if there are none
   */
  public static Dataset dataset(List<FeedbackRow> rows) {
    return Datasets.of(rows.stream().map(FeedbackRow::example).toList())
        .withField(ORIGIN, rows.stream().map(FeedbackRow::origin).toList());
  }

  /**
   * Writes {@code answers.jsonl} and {@code preferences.jsonl}, which {@link Datasets#read} reads,
   * each only if it has rows; a file of an earlier call that would have none is deleted.
   *
   * @param folder the folder, created if it is missing
   * @return the files written
   * @throws io.adapt4j.core.data.DatasetException if a file cannot be written
   */
  public List<Path> write(Path folder) {
    List<Path> written = new ArrayList<>();
    write(answers, folder.resolve(ANSWERS_FILE), written);
    write(preferences, folder.resolve(PREFERENCES_FILE), written);
    return List.copyOf(written);
  }

  private static void write(List<FeedbackRow> rows, Path file, List<Path> written) {
    if (!rows.isEmpty()) {
      Datasets.write(dataset(rows), file, ORIGIN);
      written.add(file);
      return;
    }
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(
          file + " cannot be deleted: " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  /** {@return the numbers of rows by rule, and what was left out and why} */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "Rows of feedback: %d answers to learn, %d preferences%n"
            .formatted(answers.size(), preferences.size())
            .replace("\r", ""));
    for (FeedbackRule rule : FeedbackRule.values()) {
      long rows =
          (rule.isPreference() ? preferences : answers)
              .stream().filter(row -> row.rule() == rule).count();
      if (rows > 0) {
        text.append("  ").append(rows).append(" because ").append(rule.words()).append('\n');
      }
    }
    omitted.forEach(
        (reason, count) ->
            text.append("  left out ").append(count).append(": ").append(reason).append('\n'));
    return text.toString();
  }
}
