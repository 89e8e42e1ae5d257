package io.adapt4j.eval.task;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Task from the rows of a file in any format that {@link Datasets#read} reads, with prompts
 * rendered by a template from the rows' fields. Immutable: each setting returns a new task.
 *
 * <pre>{@code
 * Task capitals =
 *     RowTask.of("capitals", Path.of("capitals.csv"))
 *         .prompt("Question: What is the capital of {country}?\nAnswer:")
 *         .fewShot(2, Path.of("solved.csv"))
 *         .answers("capital", AnswerExtraction.firstLine(), AnswerMetric.SQUAD);
 * }</pre>
 *
 * <p>An item's id is the row's {@code id}, or its number, from 1. Files are read when the task is
 * built; a row that lacks a field is an {@link IllegalArgumentException} that names file, line and
 * field.
 */
public final class RowTask {

  private static final int DEFAULT_NEW_TOKENS = 64;

  private final String name;
  private final Path file;
  private final PromptTemplate prompt;
  private final int shots;
  private final Path solved;
  private final String delimiter;
  private final String separator;
  private final List<String> slices;
  private final GenerationOptions options;

  private RowTask(
      String name,
      Path file,
      PromptTemplate prompt,
      int shots,
      Path solved,
      String delimiter,
      String separator,
      List<String> slices,
      GenerationOptions options) {
    this.name = name;
    this.file = file;
    this.prompt = prompt;
    this.shots = shots;
    this.solved = solved;
    this.delimiter = delimiter;
    this.separator = separator;
    this.slices = slices;
    this.options = options;
  }

  /**
   * Creates a task whose prompt is the row's {@code question}, then {@code Answer:}, without
   * examples.
   *
   * @param name the task's name
   * @param file the rows
   * @return the task without its answers
   */
  public static RowTask of(String name, Path file) {
    return new RowTask(
        name,
        file,
        PromptTemplate.of("Question: {question}\nAnswer:"),
        0,
        file,
        " ",
        "\n\n",
        List.of(),
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_NEW_TOKENS).build());
  }

  /**
   * Sets the prompt.
   *
   * @param variants texts with field names in braces, such as {@code {question}}; the first one
   *     whose fields all have a text is used
   * @return a new task
   * @throws IllegalArgumentException if there is none
   */
  public RowTask prompt(String... variants) {
    return prompt(PromptTemplate.of(variants));
  }

  /**
   * Sets the prompt.
   *
   * @param template the template
   * @return a new task
   */
  public RowTask prompt(PromptTemplate template) {
    return new RowTask(name, file, template, shots, solved, delimiter, separator, slices, options);
  }

  /**
   * Adds few-shot examples from the first rows of another file, each as its prompt with its answer.
   *
   * @param count number of examples; default 0
   * @param rows file of the examples
   * @return a new task
   * @throws IllegalArgumentException if the count is negative
   */
  public RowTask fewShot(int count, Path rows) {
    if (count < 0) {
      throw new IllegalArgumentException("fewShot: expected 0 or more, found " + count);
    }
    return new RowTask(name, file, prompt, count, rows, delimiter, separator, slices, options);
  }

  /**
   * Sets the text between prompt and answer in examples and before choices, and the text between
   * examples.
   *
   * @param beforeAnswer default a space
   * @param betweenExamples default a blank line
   * @return a new task
   */
  public RowTask joined(String beforeAnswer, String betweenExamples) {
    return new RowTask(
        name, file, prompt, shots, solved, beforeAnswer, betweenExamples, slices, options);
  }

  /**
   * Sets the fields for slicing results.
   *
   * @param fields the rows' fields; default none
   * @return a new task
   */
  public RowTask slicedBy(String... fields) {
    return new RowTask(
        name, file, prompt, shots, solved, delimiter, separator, List.of(fields), options);
  }

  /**
   * Sets the generation options for free-text answers.
   *
   * @param generation default greedy decoding of at most 64 tokens
   * @return a new task
   */
  public RowTask generating(GenerationOptions generation) {
    return new RowTask(name, file, prompt, shots, solved, delimiter, separator, slices, generation);
  }

  /**
   * Builds a task with free-text answers.
   *
   * @param field field with the reference answer, or a list of them
   * @param extraction extracts the answer from the generated text
   * @param metrics grade it against the references; the first one's first metric is the primary one
   * @return the task, with all metrics, and {@code cut}: the share of answers that reached the
   *     limit on new tokens
   * @throws IllegalArgumentException if a row cannot be used, there is no metric, or two have the
   *     same name
   */
  public Task answers(String field, AnswerExtraction extraction, AnswerMetric... metrics) {
    List<AnswerMetric> graders = List.of(metrics);
    List<TaskMetric> means = means(graders);
    AnswerMetric grading = new JoinedMetrics(graders);
    String examples = examples(row -> TaskRows.oneOrMore(row, field).get(0));
    return task(
        (i, row) ->
            new TextItem(
                id(i, row),
                examples + prompt.render(texts(row)),
                options,
                TaskRows.oneOrMore(row, field),
                extraction,
                grading,
                slices(row)),
        means);
  }

  private static List<TaskMetric> means(List<AnswerMetric> graders) {
    List<TaskMetric> means = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (AnswerMetric grader : graders) {
      for (String name : grader.names()) {
        if (!names.add(name)) {
          throw new IllegalArgumentException(
              "metrics: two of them have the value " + name + "; keep one");
        }
        means.add(TaskMetric.mean(name));
      }
    }
    if (means.isEmpty()) {
      throw new IllegalArgumentException("metrics: expected at least one, found none");
    }
    means.add(TextItem.CUT_SHARE);
    return means;
  }

  /** Several metrics combined into one. */
  private record JoinedMetrics(List<AnswerMetric> metrics) implements AnswerMetric {
    @Override
    public List<String> names() {
      return metrics.stream().flatMap(metric -> metric.names().stream()).toList();
    }

    @Override
    public Map<String, Double> grade(String answer, List<String> references) {
      Map<String, Double> values = new LinkedHashMap<>();
      metrics.forEach(metric -> values.putAll(metric.grade(answer, references)));
      return values;
    }
  }

  /**
   * Builds a multiple-choice task that compares the likelihoods of answers after the prompt.
   *
   * @param choices the field with the list of answers
   * @param right the field with the index of the right one, from 0, its letter, from A, or its text
   * @return the task, with {@code acc}, {@code acc_norm} and {@code acc_bytes}
   * @throws IllegalArgumentException if a row cannot be used
   */
  public Task choices(String choices, String right) {
    String examples =
        examples(
            row -> {
              List<String> all = TaskRows.texts(row, choices);
              return all.get(ChoiceQuestion.right(row.value(right), right, all));
            });
    return task(
        (i, row) -> {
          List<String> all = TaskRows.texts(row, choices);
          return new ChoiceItem(
              id(i, row),
              examples + prompt.render(texts(row)),
              all,
              delimiter,
              List.of(ChoiceQuestion.right(row.value(right), right, all)),
              slices(row));
        },
        List.of(
            TaskMetric.mean(ChoiceItem.ACC),
            TaskMetric.mean(ChoiceItem.ACC_NORM),
            TaskMetric.mean(ChoiceItem.ACC_BYTES)));
  }

  /**
   * Builds a classification task that compares the likelihoods of a word for each class after the
   * prompt.
   *
   * @param label the field with the right class
   * @param words the word of each class after the prompt; if empty, the classes of the rows
   *     themselves
   * @return the task, with {@code acc}, {@code macro_f1}, {@code mcc} and {@code ece}; right
   *     answers and the model's are the words
   * @throws IllegalArgumentException if a row cannot be used, or has a class without a word, or two
   *     classes have one word
   */
  public Task classes(String label, Map<String, String> words) {
    Map<String, String> all = words.isEmpty() ? ownWords(label) : new LinkedHashMap<>(words);
    List<String> choices = List.copyOf(all.values());
    if (Set.copyOf(choices).size() < choices.size()) {
      throw new IllegalArgumentException("words: two classes have one word: " + all);
    }
    String examples = examples(row -> word(row, label, all));
    return task(
        (i, row) ->
            new ChoiceItem(
                id(i, row),
                examples + prompt.render(texts(row)),
                choices,
                delimiter,
                List.of(choices.indexOf(word(row, label, all))),
                slices(row)),
        ClassMetrics.ALL);
  }

  private Map<String, String> ownWords(String label) {
    return TaskRows.read(Datasets.read(file), (i, row) -> row.text(label)).stream()
        .distinct()
        .sorted()
        .collect(
            Collectors.toMap(
                Function.identity(), Function.identity(), (a, b) -> a, LinkedHashMap::new));
  }

  private static String word(Row row, String label, Map<String, String> words) {
    String word = words.get(row.text(label));
    if (word == null) {
      throw TaskRows.wrong(label, "one of the classes " + words.keySet(), row.text(label));
    }
    return word;
  }

  /**
   * Builds a classification task for a classifier's output layer.
   *
   * @param text the field with the text, which is used without a template
   * @return the task, with {@code acc}, {@code macro_f1}, {@code mcc} and {@code ece}, for {@code
   *     Candidate.of(identity, classifier)}
   * @throws IllegalArgumentException if a row cannot be used
   */
  public Task classesByHead(String text, String label) {
    return task(
        (i, row) -> new ClassItem(id(i, row), row.text(text), row.text(label), slices(row)),
        ClassMetrics.ALL);
  }

  private Task task(TaskRows.Maker<Item> maker, List<TaskMetric> metrics) {
    return new Task(name, TaskRows.read(Datasets.read(file), maker), metrics, false);
  }

  private String examples(Function<Row, String> answer) {
    if (shots == 0) {
      return "";
    }
    List<String> all =
        TaskRows.read(
            Datasets.read(solved),
            (i, row) ->
                i < shots
                    ? prompt.render(texts(row)) + delimiter + answer.apply(row) + separator
                    : "");
    if (all.size() < shots) {
      throw new IllegalArgumentException(
          "fewShot: expected " + shots + " rows in " + solved + ", found " + all.size());
    }
    return String.join("", all);
  }

  private static Function<String, String> texts(Row row) {
    return field -> row.has(field) ? row.text(field) : null;
  }

  static String id(int number, Row row) {
    return row.has("id") ? row.text("id") : String.valueOf(number + 1);
  }

  private Map<String, String> slices(Row row) {
    Map<String, String> known = new LinkedHashMap<>();
    slices.forEach(field -> known.put(field, row.text(field)));
    return known;
  }
}
