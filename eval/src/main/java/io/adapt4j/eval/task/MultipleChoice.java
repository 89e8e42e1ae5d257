package io.adapt4j.eval.task;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Format;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Multiple choice by likelihood, with the prompts of lm-evaluation-harness. Immutable: each setting
 * returns a new builder.
 */
public final class MultipleChoice {

  /** Prompt formats of questions and their answers. */
  public enum Style {
    /** The question, the answers by letter, {@code Answer:}; letters are scored (MMLU). */
    LETTERS,
    /** {@code Question: ... Answer:}; the answers' texts are scored (ARC). */
    QUESTION,
    /** The plain question; the answers' texts are scored as its continuation (HellaSwag). */
    CONTINUE
  }

  private static final String FIELD_SUBJECT = "subject";

  private final String name;
  private final List<ChoiceQuestion> questions;
  private final Style style;
  private final List<ChoiceQuestion> examples;
  private final int shots;

  private MultipleChoice(
      String name,
      List<ChoiceQuestion> questions,
      Style style,
      List<ChoiceQuestion> examples,
      int shots) {
    this.name = name;
    this.questions = questions;
    this.style = style;
    this.examples = examples;
    this.shots = shots;
  }

  /**
   * Reads questions as JSON or JSON lines: {@code question}, {@code choices} and {@code answer} (an
   * index from 0, a letter, or a choice); ARC's format; or HellaSwag's. Other fields are kept for
   * slicing.
   *
   * @param name the task's name
   * @param file the file
   * @return the task's builder, in {@link Style#QUESTION}; {@link Style#CONTINUE} for HellaSwag's
   *     format
   * @throws IllegalArgumentException if a row is malformed; the message names file, line and field
   */
  public static MultipleChoice jsonl(String name, Path file) {
    boolean[] continues = {false};
    List<ChoiceQuestion> questions =
        TaskRows.read(
            Datasets.read(file),
            (i, row) -> {
              continues[0] |= row.has("endings");
              return ChoiceQuestion.of(row);
            });
    return new MultipleChoice(
        name, questions, continues[0] ? Style.CONTINUE : Style.QUESTION, List.of(), 0);
  }

  /**
   * Reads MMLU (Hendrycks et al. 2021): a CSV file or a folder of them without header, or JSON
   * lines with {@code subject}. A file's name without {@code _test}, {@code _dev} or {@code _val}
   * is its subject.
   *
   * @param path the file or folder
   * @return the task's builder, in {@link Style#LETTERS}
   * @throws IllegalArgumentException if a row is malformed; the message names file, line and field
   */
  public static MultipleChoice mmlu(Path path) {
    return new MultipleChoice("mmlu", mmluQuestions(path), Style.LETTERS, List.of(), 0);
  }

  private static List<ChoiceQuestion> mmluQuestions(Path path) {
    if (path.toString().endsWith(".jsonl")) {
      return TaskRows.read(Datasets.read(path), (i, row) -> ChoiceQuestion.of(row));
    }
    List<ChoiceQuestion> questions = new ArrayList<>();
    for (Path file : CsvFiles.of(path)) {
      String subject = file.getFileName().toString().replaceAll("(_test|_dev|_val)?\\.csv$", "");
      questions.addAll(
          TaskRows.read(
              Datasets.read(file)
                  .format(Format.CSV)
                  .columns("question", "A", "B", "C", "D", "answer"),
              (i, row) -> ChoiceQuestion.mmlu(row, subject)));
    }
    return questions;
  }

  /**
   * Sets the prompt format.
   *
   * @param other the format
   * @return a new builder
   */
  public MultipleChoice style(Style other) {
    return new MultipleChoice(name, questions, other, examples, shots);
  }

  /**
   * Adds few-shot examples before each question: the first ones with its subject, or the first ones
   * if questions have no subjects.
   *
   * @param count number of examples
   * @param file file of the examples, in any format of questions
   * @return a new builder
   * @throws IllegalArgumentException if the count is negative, or a subject has fewer
   */
  public MultipleChoice fewShot(int count, Path file) {
    List<ChoiceQuestion> solved =
        style == Style.LETTERS
            ? mmluQuestions(file)
            : TaskRows.read(Datasets.read(file), (i, row) -> ChoiceQuestion.of(row));
    if (count < 0) {
      throw new IllegalArgumentException("fewShot: expected 0 or more, found " + count);
    }
    return new MultipleChoice(name, questions, style, solved, count);
  }

  /**
   * Builds the task. Its primary metric is {@code acc_norm} for {@link Style#CONTINUE} and {@code
   * acc} otherwise; both are reported.
   *
   * @return the task
   */
  public Task build() {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      ChoiceQuestion choiceQuestion = questions.get(i);
      items.add(
          new ChoiceItem(
              choiceQuestion.fields().getOrDefault("id", String.valueOf(i + 1)),
              before(choiceQuestion) + prompt(choiceQuestion),
              answers(choiceQuestion),
              " ",
              List.of(choiceQuestion.right()),
              choiceQuestion.fields()));
    }
    boolean byLength = style == Style.CONTINUE;
    List<TaskMetric> metrics = new ArrayList<>();
    metrics.add(TaskMetric.mean(byLength ? ChoiceItem.ACC_NORM : ChoiceItem.ACC));
    metrics.add(TaskMetric.mean(byLength ? ChoiceItem.ACC : ChoiceItem.ACC_NORM));
    metrics.add(TaskMetric.mean(ChoiceItem.ACC_BYTES));
    return new Task(name, items, metrics, false);
  }

  private String before(ChoiceQuestion choiceQuestion) {
    String subject = choiceQuestion.fields().getOrDefault(FIELD_SUBJECT, "");
    String description =
        style == Style.LETTERS && !subject.isEmpty()
            ? "The following are multiple choice questions (with answers) about "
                + subject.replace('_', ' ')
                + ".\n\n"
            : "";
    List<ChoiceQuestion> solved =
        examples.stream()
            .filter(example -> example.fields().getOrDefault(FIELD_SUBJECT, "").equals(subject))
            .limit(shots)
            .toList();
    if (solved.size() < shots) {
      throw new IllegalArgumentException(
          "fewShot: expected %s solved questions of subject '%s', found %s"
              .formatted(shots, subject, solved.size()));
    }
    return description
        + solved.stream()
            .map(example -> prompt(example) + " " + answers(example).get(example.right()) + "\n\n")
            .collect(Collectors.joining());
  }

  private String prompt(ChoiceQuestion choiceQuestion) {
    return switch (style) {
      case LETTERS ->
          choiceQuestion.question().strip()
              + "\n"
              + IntStream.range(0, choiceQuestion.choices().size())
                  .mapToObj(i -> letter(i) + ". " + choiceQuestion.choices().get(i) + "\n")
                  .collect(Collectors.joining())
              + "Answer:";
      case QUESTION -> "Question: " + choiceQuestion.question() + "\nAnswer:";
      case CONTINUE -> choiceQuestion.question();
    };
  }

  private List<String> answers(ChoiceQuestion choiceQuestion) {
    return style == Style.LETTERS
        ? IntStream.range(0, choiceQuestion.choices().size())
            .mapToObj(MultipleChoice::letter)
            .toList()
        : choiceQuestion.choices();
  }

  private static String letter(int number) {
    return String.valueOf((char) ('A' + number));
  }
}
