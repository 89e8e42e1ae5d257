package io.adapt4j.eval.task;

import io.adapt4j.core.data.Row;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A multiple-choice question, in any of the formats of public datasets. */
record ChoiceQuestion(
    String question, List<String> choices, int right, Map<String, String> fields) {

  private static final Pattern BRACKETS = Pattern.compile("\\[.*?\\]");
  private static final Set<String> OWN =
      Set.of(
          "question",
          "choices",
          "answer",
          "answerKey",
          "endings",
          "label",
          "ctx",
          "ctx_a",
          "ctx_b");

  ChoiceQuestion {
    if (right < 0 || right >= choices.size()) {
      throw TaskRows.wrong(
          "answer", "the number of one of " + choices.size() + " answers, from 0", right);
    }
  }

  /**
   * Reads a row: HellaSwag's ({@code ctx_a}, {@code ctx_b}, {@code endings}, {@code label}), ARC's
   * ({@code question}, {@code choices} of {@code text} and {@code label}, {@code answerKey}), or
   * {@code question}, {@code choices}, {@code answer} as an index from 0, a letter from A, or the
   * answer's text.
   */
  static ChoiceQuestion of(Row row) {
    if (row.has("endings")) {
      return hellaSwag(row);
    }
    if (row.value("choices") instanceof Map<?, ?> choices) {
      return arc(row, choices);
    }
    List<String> choices = TaskRows.texts(row, "choices");
    return new ChoiceQuestion(
        row.text("question"), choices, right(row.value("answer"), "answer", choices), others(row));
  }

  /** Reads a row of MMLU's CSV files. */
  static ChoiceQuestion mmlu(Row row, String subject) {
    List<String> choices = List.of(row.text("A"), row.text("B"), row.text("C"), row.text("D"));
    return new ChoiceQuestion(
        row.text("question"),
        choices,
        right(row.value("answer"), "answer", choices),
        Map.of("subject", subject));
  }

  /** Formats the texts as lm-evaluation-harness does ({@code tasks/hellaswag/utils.py}). */
  private static ChoiceQuestion hellaSwag(Row row) {
    String second = row.has("ctx_b") ? row.text("ctx_b") : "";
    String capital =
        second.isEmpty()
            ? ""
            : second.substring(0, 1).toUpperCase(Locale.ROOT)
                + second.substring(1).toLowerCase(Locale.ROOT);
    String context = row.text("ctx_a") + " " + capital;
    return new ChoiceQuestion(
        plain(row.text("activity_label") + ": " + context),
        TaskRows.texts(row, "endings").stream().map(ChoiceQuestion::plain).toList(),
        TaskRows.number(row.value("label"), "label"),
        others(row));
  }

  private static String plain(String text) {
    String joined = text.strip().replace(" [title]", ". ");
    return BRACKETS.matcher(joined).replaceAll("").replace("  ", " ");
  }

  private static ChoiceQuestion arc(Row row, Map<?, ?> choices) {
    List<String> texts = TaskRows.texts(choices.get("text"), "choices.text");
    List<String> labels = TaskRows.texts(choices.get("label"), "choices.label");
    int right = labels.indexOf(row.text("answerKey"));
    if (right < 0) {
      throw TaskRows.wrong("answerKey", "one of " + labels, row.text("answerKey"));
    }
    return new ChoiceQuestion(row.text("question"), texts, right, others(row));
  }

  /** Returns the index of an answer given as its index, its letter, or its text. */
  static int right(@Nullable Object answer, String field, List<String> choices) {
    int number = number(answer, field, choices);
    if (number < 0 || number >= choices.size()) {
      throw TaskRows.wrong(field, "one of " + choices.size() + " answers, from 0 or A", answer);
    }
    return number;
  }

  private static int number(@Nullable Object answer, String field, List<String> choices) {
    if (answer instanceof Number number) {
      return number.intValue();
    }
    String text = TaskRows.text(answer, field).strip();
    int same = choices.indexOf(text);
    if (same >= 0) {
      return same;
    }
    if (text.length() == 1 && Character.isLetter(text.charAt(0))) {
      return Character.toUpperCase(text.charAt(0)) - 'A';
    }
    return TaskRows.number(answer, field);
  }

  private static Map<String, String> others(Row row) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field : new TreeSet<>(row.fields())) {
      Object value = row.value(field);
      boolean plain =
          value instanceof String || value instanceof Number || value instanceof Boolean;
      if (plain && !OWN.contains(field)) {
        fields.put(field, String.valueOf(value));
      }
    }
    return fields;
  }
}
