package io.adapt4j.eval.task;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Format;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tasks from public datasets and from your own files. For multiple choice see {@link
 * MultipleChoice}.
 */
public final class Tasks {

  /** The strict answer pattern of GSM8K in lm-evaluation-harness. */
  private static final Pattern AFTER_SIGNS = Pattern.compile("#### (\\-?[0-9\\.\\,]+)");

  /** Its flexible pattern, of which the last match counts. */
  private static final Pattern ANY_NUMBER = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");

  private static final List<String> GSM8K_STOPS = List.of("Question:", "</s>", "<|im_end|>");

  private Tasks() {}

  /**
   * Creates an item with a free-text answer.
   *
   * @param id identifies the item within its task
   * @param prompt the prompt
   * @param options maximum length and stop strings of the answer
   * @param references reference answers, at least one
   * @param extraction extracts the answer from the generated text
   * @param metric grades the answer against the references
   * @param fields properties of the item, for slicing results
   * @return the item, with the values of the metric, and {@code cut}: 1 for an answer that reached
   *     the limit on new tokens
   * @throws IllegalArgumentException if there is no reference answer
   */
  public static Item answerItem(
      String id,
      String prompt,
      GenerationOptions options,
      List<String> references,
      AnswerExtraction extraction,
      AnswerMetric metric,
      Map<String, String> fields) {
    return new TextItem(id, prompt, options, references, extraction, metric, fields);
  }

  /**
   * Creates a multiple-choice item, answered by the most likely choice.
   *
   * @param context the text before the answers
   * @param choices the answers, at least two
   * @param delimiter text between context and answer, such as a space
   * @param right indices of right answers, from 0; at least one
   * @param fields properties of the item, for slicing results
   * @return the item, with {@code acc}, {@code acc_norm}, {@code acc_bytes} and {@code mc2}
   * @throws IllegalArgumentException if there are fewer than two answers, one is empty, or an index
   *     of a right one is out of range
   */
  public static Item choiceItem(
      String id,
      String context,
      List<String> choices,
      String delimiter,
      List<Integer> right,
      Map<String, String> fields) {
    return new ChoiceItem(id, context, choices, delimiter, right, fields);
  }

  /**
   * Reads a file of tasks and their data: YAML or JSON with one task, or a suite of them under
   * {@code tasks}. The page docs/evaluation.md lists all keys.
   *
   * @param file YAML or JSON
   * @return its tasks, at least one, each with a unique name
   * @throws io.adapt4j.core.exception.SettingsException naming file, line, key, value and remedy of
   *     everything that is wrong: unknown keys, values of another type or out of range, rows that
   *     cannot be used
   */
  public static List<Task> read(Path file) {
    return TaskFile.read(file);
  }

  /**
   * Reads questions with one right answer as JSON lines: {@code question} and {@code answer} (a
   * text or a list of texts, each right). Answers are graded as in SQuAD.
   *
   * @param file the file
   * @return the task, named after the file, with the metrics {@code f1} and {@code exact_match}
   * @throws IllegalArgumentException if a row is malformed; the message names file, line and field
   */
  public static Task jsonl(Path file) {
    GenerationOptions options = answerOptions(64, List.of("\n"));
    List<Item> items =
        TaskRows.read(
            Datasets.read(file),
            (i, row) ->
                new TextItem(
                    RowTask.id(i, row),
                    row.text("question"),
                    options,
                    TaskRows.oneOrMore(row, "answer"),
                    AnswerExtraction.whole(),
                    AnswerMetric.SQUAD,
                    Map.of()));
    return new Task(file.getFileName().toString(), items, means(AnswerMetric.SQUAD), false);
  }

  /**
   * Reads texts to summarize.
   *
   * @param name the task's name
   * @param file the rows
   * @param document the field with the text
   * @param summary the field with its summary, or a list of them
   * @return the task, with ROUGE (Lin 2004) of up to 128 new tokens after {@link
   *     PromptTemplate#SUMMARY}; {@code rougeL} is the primary metric
   * @throws IllegalArgumentException if a row is malformed; the message names file, line and field
   */
  public static Task summaries(String name, Path file, String document, String summary) {
    return RowTask.of(name, file)
        .prompt(PromptTemplate.SUMMARY.toString().replace("{document}", "{" + document + "}"))
        .generating(answerOptions(128, List.of()))
        .answers(summary, AnswerExtraction.whole(), AnswerMetric.ROUGE);
  }

  /**
   * Scores whole texts.
   *
   * @param texts the texts
   * @return the task, with bits per byte, and perplexities per token and per word; lower is better
   */
  public static Task perplexity(String name, List<String> texts) {
    return perplexity(name, texts, 0, 0);
  }

  /**
   * Scores whole texts, in windows.
   *
   * @param window maximum number of tokens the model reads at once; 0 for its context length
   * @param stride number of tokens scored by each window after the first one; 0 for the whole
   *     window
   * @return the task, with bits per byte, and perplexities per token and per word; lower is better
   */
  public static Task perplexity(String name, List<String> texts, int window, int stride) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      items.add(new WholeTextItem(String.valueOf(i + 1), texts.get(i), window, stride, Map.of()));
    }
    return new Task(
        name,
        items,
        List.of(
            WholeTextItem.BITS_PER_BYTE, WholeTextItem.PERPLEXITY, WholeTextItem.WORD_PERPLEXITY),
        false);
  }

  /**
   * Reads GSM8K (Cobbe et al. 2021) with the prompts and the strict and flexible answers of
   * lm-evaluation-harness.
   *
   * @param file JSON lines with {@code question} and {@code answer}
   * @param shots number of few-shot examples before each question
   * @param solved file of the examples, of which the first ones are taken. May be null without
   *     shots
   * @return the task, with {@code exact_match} of the number after four number signs, and {@code
   *     flexible} of the last number in the answer
   */
  public static Task gsm8k(Path file, int shots, @Nullable Path solved) {
    String before = shots == 0 ? "" : gsm8kExamples(shots, Objects.requireNonNull(solved));
    GenerationOptions options = answerOptions(256, GSM8K_STOPS);
    AnswerMetric both = new Gsm8kMetric();
    List<Item> items =
        TaskRows.read(
            Datasets.read(file),
            (i, row) ->
                new TextItem(
                    String.valueOf(i + 1),
                    before + gsm8kPrompt(row),
                    options,
                    List.of(row.text("answer")),
                    text -> text,
                    both,
                    Map.of()));
    return new Task(
        "gsm8k",
        items,
        Stream.concat(means(both).stream(), Stream.of(TextItem.CUT_SHARE)).toList(),
        false);
  }

  /** The strict and the flexible answer of lm-evaluation-harness. */
  private static final class Gsm8kMetric implements AnswerMetric {
    private static final String FLEXIBLE = "flexible";
    private final AnswerExtraction strict = AnswerExtraction.first(AFTER_SIGNS);
    private final AnswerExtraction flexible = AnswerExtraction.last(ANY_NUMBER);

    @Override
    public List<String> names() {
      return List.of(name(), FLEXIBLE);
    }

    private static String name() {
      return AnswerMetric.NUMBER.names().get(0);
    }

    @Override
    public Map<String, Double> grade(String answer, List<String> references) {
      return Map.of(
          name(),
          number(strict.answer(answer), references),
          FLEXIBLE,
          number(flexible.answer(answer), references));
    }

    private static double number(String answer, List<String> references) {
      return Objects.requireNonNull(AnswerMetric.NUMBER.grade(answer, references).get(name()));
    }
  }

  private static List<TaskMetric> means(AnswerMetric metric) {
    return metric.names().stream().map(TaskMetric::mean).toList();
  }

  private static String gsm8kExamples(int shots, Path solved) {
    List<Row> rows = TaskRows.read(Datasets.read(solved), (i, row) -> row);
    if (rows.size() < shots) {
      throw new IllegalArgumentException(
          "shots: expected " + shots + " solved questions in " + solved + ", found " + rows.size());
    }
    return rows.stream()
        .limit(shots)
        .map(row -> gsm8kPrompt(row) + " " + row.text("answer") + "\n\n")
        .collect(Collectors.joining());
  }

  private static String gsm8kPrompt(Row row) {
    return "Question: " + row.text("question") + "\nAnswer:";
  }

  /**
   * Reads TruthfulQA's multiple choice (Lin et al. 2021) from its CSV file, with the paper's six
   * examples before each question.
   *
   * @param file the CSV file
   * @return the task, with {@code mc2}: the true answers' share of the total probability of all
   *     answers
   */
  public static Task truthfulQa(Path file) {
    String before = resource("truthfulqa.txt");
    List<Item> items =
        TaskRows.read(
            Datasets.read(file).format(Format.CSV),
            (i, row) -> {
              List<String> right = parts(row.text("Correct Answers"));
              List<String> wrong = parts(row.text("Incorrect Answers"));
              return new ChoiceItem(
                  String.valueOf(i + 1),
                  before + "\n\nQ: " + row.text("Question") + "\nA:",
                  Stream.concat(right.stream(), wrong.stream()).toList(),
                  " ",
                  IntStream.range(0, right.size()).boxed().toList(),
                  Map.of("category", row.text("Category"), "type", row.text("Type")));
            });
    return new Task("truthfulqa_mc2", items, List.of(TaskMetric.mean(ChoiceItem.MC2)), false);
  }

  private static List<String> parts(String joined) {
    return Stream.of(joined.split(";"))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .distinct()
        .toList();
  }

  /**
   * Reads SQuAD 1.1 (Rajpurkar et al. 2016) in its JSON format.
   *
   * @param withPassage whether the prompt contains the passage; without it, the candidate must know
   *     or retrieve the answer
   * @return the task, with {@code f1} and {@code exact_match}
   */
  public static Task squad(Path file, boolean withPassage) {
    GenerationOptions options = answerOptions(48, List.of("\n"));
    List<Item> items =
        TaskRows.read(Datasets.read(file), (i, row) -> squadItem(row, withPassage, options));
    return new Task("squad", items, means(AnswerMetric.SQUAD), false);
  }

  private static Item squadItem(Row row, boolean withPassage, GenerationOptions options) {
    String title = row.has("title") ? row.text("title") : "";
    String background =
        withPassage ? "Title: " + title + "\n\nBackground: " + row.text("context") + "\n\n" : "";
    List<String> answers =
        list(row.value("answers"), "answers").stream()
            .map(value -> TaskRows.text(TaskRows.object(value, "answers").get("text"), "text"))
            .distinct()
            .toList();
    return new TextItem(
        row.text("id"),
        background + "Question: " + row.text("question") + "\nAnswer:",
        options,
        answers,
        AnswerExtraction.whole(),
        AnswerMetric.SQUAD,
        Map.of("title", title));
  }

  private static List<?> list(@Nullable Object value, String field) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw TaskRows.wrong(field, "a list", value);
  }

  private static GenerationOptions answerOptions(int most, List<String> stops) {
    return GenerationOptions.builder().temperature(0).maxNewTokens(most).stopStrings(stops).build();
  }

  private static String resource(String name) {
    try (InputStream in = Tasks.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
