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
 * Tasks of the rows of a file in any format that {@link Datasets#read} reads, with prompts made by
 * a template of the rows' fields. Immutable: each setting gives a new one.
 *
 * <pre>{@code
 * Task capitals =
 *     RowTask.of("capitals", Path.of("capitals.csv"))
 *         .prompt("Question: What is the capital of {country}?\nAnswer:")
 *         .fewShot(2, Path.of("solved.csv"))
 *         .answers("capital", AnswerExtraction.firstLine(), AnswerMetric.SQUAD);
 * }</pre>
 *
 * <p>An item is called as the row's {@code id} says, or by its number, from 1. Files are read when
 * the task is made; a row that lacks a field is an {@link IllegalArgumentException} that names
 * file, line and field.
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
   * Begins a task whose prompt is the row's {@code question}, then {@code Answer:}, without
   * examples.
   *
   * @param name the task's name
   * @param file the rows
   * @return the beginning
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
   * Sets what a candidate is asked.
   *
   * @param variants texts with field names in braces, such as {@code {question}}; the first applies
   *     whose fields all have a text
   * @return a new task
   * @throws IllegalArgumentException if there is none
   */
  public RowTask prompt(String... variants) {
    return prompt(PromptTemplate.of(variants));
  }

  /**
   * Sets what a candidate is asked.
   *
   * @param template the template
   * @return a new task
   */
  public RowTask prompt(PromptTemplate template) {
    return new RowTask(name, file, template, shots, solved, delimiter, separator, slices, options);
  }

  /**
   * Puts the first rows of another file before each prompt, each as its prompt with its answer.
   *
   * @param count how many; 0 by default
   * @param rows where they come from
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
   * Sets what stands between prompt and answer in examples and before answers to choose from, and
   * between examples.
   *
   * @param beforeAnswer a space by default
   * @param betweenExamples a blank line by default
   * @return a new task
   */
  public RowTask joined(String beforeAnswer, String betweenExamples) {
    return new RowTask(
        name, file, prompt, shots, solved, beforeAnswer, betweenExamples, slices, options);
  }

  /**
   * Names fields that results can be sliced by.
   *
   * @param fields the rows' fields; none by default
   * @return a new task
   */
  public RowTask slicedBy(String... fields) {
    return new RowTask(
        name, file, prompt, shots, solved, delimiter, separator, List.of(fields), options);
  }

  /**
   * Sets how answers in words are generated.
   *
   * @param generation by default the likeliest token each time, at most 64
   * @return a new task
   */
  public RowTask generating(GenerationOptions generation) {
    return new RowTask(name, file, prompt, shots, solved, delimiter, separator, slices, generation);
  }

  /**
   * Asks for answers in words.
   *
   * @param field the right answer, or a list of right ones
   * @param extraction takes the answer out of what was generated
   * @param metrics compare it with the right ones; the first one's first metric counts
   * @return the task, with the metrics of the metrics, and {@code cut}: the share of answers that
   *     reached the limit of new tokens
   * @throws IllegalArgumentException if a row cannot be used, there is no metric, or two have a
   *     metric of one name
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

  /** The values of several metrics in one. */
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
   * Asks which of several answers is the likeliest after the prompt.
   *
   * @param choices the field with the list of answers
   * @param right the field with the number of the right one, from 0, its letter, from A, or itself
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
   * Asks which class is the likeliest after the prompt, by the likelihood of a word for each.
   *
   * @param label the field with the right class
   * @param words by class, the word that stands for it after the prompt; if there are none, the
   *     classes of the rows themselves
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
   * Asks a classifier's output layer for the class of a text.
   *
   * @param text the field with the text, without a template
   * @param label the field with the right class
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
