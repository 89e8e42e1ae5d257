package io.adapt4j.eval.failure;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.eval.spi.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Failures as rows to correct by hand and to train on.
 *
 * <p>A line has the {@code prompt} and the expected {@code completion} ({@code messages} in the
 * form of a chat, {@code text} if a text was scored as a whole), which training reads, and
 * additionally {@code task}, {@code id}, {@code got} and {@code expected}. Correct the former,
 * delete lines that teach nothing, and leave the latter as they are. {@link Datasets#jsonl(Path)}
 * reads the file as it is.
 *
 * <p>Training on the items of a test makes that test worthless: measure again on other items.
 */
public final class Corrections {

  private static final String TASK = "task";
  private static final String ID = "id";
  private static final String GOT = "got";
  private static final String EXPECTED = "expected";

  private final Dataset dataset;
  private final List<Correction> all;

  private Corrections(Dataset dataset, List<Correction> all) {
    this.dataset = dataset;
    this.all = List.copyOf(all);
  }

  /**
   * A corrected row.
   *
   * @param task the task
   * @param id the item's id
   * @param got the candidate's answer
   * @param expected the expected answer when the row was written
   * @param example the example to train on
   * @param isChanged whether its answer differs from the expected one
   */
  public record Correction(
      String task, String id, String got, String expected, Example example, boolean isChanged) {}

  /**
   * Writes the failed items as prompts with completions. A space is added before a completion if
   * there is none between the two.
   *
   * @param failures the failures; if there are none, the file is empty
   * @param file the file to create or replace
   * @return number of rows written; items without an expected answer are left out
   * @throws io.adapt4j.core.data.DatasetException if the file cannot be written
   */
  public static int write(FailureAnalysis failures, Path file) {
    return write(failures, file, Corrections::pair);
  }

  /**
   * Writes the failed items as conversations, for candidates that used a chat template.
   *
   * @param failures the failures; if there are none, the file is empty
   * @return number of rows written; items without an expected answer are left out
   * @throws io.adapt4j.core.data.DatasetException if the file cannot be written
   */
  public static int writeChat(FailureAnalysis failures, Path file) {
    return write(
        failures,
        file,
        (prompt, expected) ->
            new Example.Chat(List.of(ChatMessage.user(prompt), ChatMessage.assistant(expected))));
  }

  private static int write(
      FailureAnalysis failures, Path file, BiFunction<String, String, Example> form) {
    List<Rows.Pair> rows =
        failures.failures().stream()
            .flatMap(
                failure ->
                    example(failure, form).map(made -> row(failures, failure, made)).stream())
            .toList();
    Datasets.write(new Rows(rows), file, TASK, ID, GOT, EXPECTED);
    return rows.size();
  }

  private static Optional<Example> example(
      Outcome outcome, BiFunction<String, String, Example> form) {
    if (!outcome.expected().isEmpty()) {
      return Optional.of(form.apply(valid(outcome.prompt()), valid(outcome.expected())));
    }
    boolean isWholeText = outcome.got().isEmpty() && !outcome.prompt().isEmpty();
    return isWholeText ? Optional.of(new Example.Text(valid(outcome.prompt()))) : Optional.empty();
  }

  private static Rows.Pair row(FailureAnalysis failures, Outcome outcome, Example example) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put(TASK, valid(failures.result().task()));
    fields.put(ID, valid(outcome.id()));
    fields.put(GOT, valid(outcome.got()));
    fields.put(EXPECTED, answer(example));
    return new Rows.Pair(example, Row.of(fields));
  }

  /** Replaces unpaired surrogates: generated text may end within a character. */
  private static String valid(String text) {
    StringBuilder valid = new StringBuilder(text.length());
    text.codePoints()
        .map(point -> Character.getType(point) == Character.SURROGATE ? 0xFFFD : point)
        .forEach(valid::appendCodePoint);
    return valid.toString();
  }

  /**
   * Word tokens include the preceding space, so a space between the two belongs to the completion.
   */
  private static Example pair(String prompt, String expected) {
    if (prompt.endsWith(" ")) {
      return new Example.PromptCompletion(prompt.substring(0, prompt.length() - 1), " " + expected);
    }
    boolean apart =
        prompt.isEmpty()
            || Character.isWhitespace(prompt.charAt(prompt.length() - 1))
            || Character.isWhitespace(expected.charAt(0));
    return new Example.PromptCompletion(prompt, apart ? expected : " " + expected);
  }

  private static String answer(Example example) {
    if (example instanceof Example.PromptCompletion pair) {
      return pair.completion();
    }
    if (example instanceof Example.Chat chat) {
      return String.valueOf(chat.messages().get(chat.messages().size() - 1).content());
    }
    return ((Example.Text) example).text();
  }

  /**
   * Reads a file of corrections.
   *
   * @param file a file that {@link #write} or {@link #writeChat} wrote, possibly edited since
   * @return the corrections
   * @throws io.adapt4j.core.data.DatasetException if it is missing, empty or malformed
   * @throws IllegalArgumentException if a row lacks the fields that identify its origin; the
   *     message names file, line and field
   */
  public static Corrections read(Path file) {
    Dataset dataset = Datasets.jsonl(file);
    List<Correction> all = new ArrayList<>();
    for (int i = 0; i < dataset.size(); i++) {
      try {
        all.add(correction(dataset.source(i).orElseThrow(), dataset.get(i)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(dataset.locate(i) + ": " + e.getMessage(), e);
      }
    }
    return new Corrections(dataset, all);
  }

  private static Correction correction(Row row, Example example) {
    String expected = row.text(EXPECTED);
    return new Correction(
        row.text(TASK),
        row.text(ID),
        row.text(GOT),
        expected,
        example,
        !answer(example).equals(expected));
  }

  /** {@return all rows} */
  public List<Correction> all() {
    return all;
  }

  /** {@return all rows to train on} */
  public Dataset dataset() {
    return dataset;
  }

  /**
   * {@return the rows whose answer was changed since they were written: wrong answers of the test
   * itself, in the order of the file}
   */
  public List<Correction> changed() {
    return all.stream().filter(Correction::isChanged).toList();
  }

  /** Rows with fields in memory. */
  private record Rows(List<Pair> rows) implements Dataset {

    private record Pair(Example example, Row source) {}

    @Override
    public String name() {
      return "failures";
    }

    @Override
    public int size() {
      return rows.size();
    }

    @Override
    public Example get(int row) {
      return rows.get(row).example();
    }

    @Override
    public Optional<Row> source(int row) {
      return Optional.of(rows.get(row).source());
    }
  }
}
