package io.adapt4j.eval.task;

import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.eval.spi.AnswerMetric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Creates a task from its description: the keys common to all tasks, and those of its kind. */
final class TaskDescription {

  private static final Map<String, AnswerMetric> ANSWER_METRICS = new LinkedHashMap<>();

  static {
    ANSWER_METRICS.put("exact-match", AnswerMetric.EXACT_MATCH);
    ANSWER_METRICS.put("squad", AnswerMetric.SQUAD);
    ANSWER_METRICS.put("number", AnswerMetric.NUMBER);
    ANSWER_METRICS.put("rouge", AnswerMetric.ROUGE);
    ANSWER_METRICS.put("bleu", AnswerMetric.BLEU);
    ANSWER_METRICS.put("chrf", AnswerMetric.CHRF);
    ANSWER_METRICS.put("anls", AnswerMetric.ANLS);
    ANSWER_METRICS.put("fields", AnswerMetric.FIELDS);
    ANSWER_METRICS.put("table", AnswerMetric.TABLE);
  }

  private static final String PATH = "path";
  private static final String FEW_SHOT = "fewShot";
  private static final String PROMPT = "prompt";
  private static final String EXTRACT = "extract";
  private static final String METRICS = "metrics";
  private static final String TOKENIZER = "tokenizer";

  /** Creates a task from the keys of its kind, with a given or default name. */
  @FunctionalInterface
  private interface Kind {
    Optional<Task> read(Fields fields, Optional<String> name);
  }

  private static final Map<String, Kind> KINDS = kinds();

  private TaskDescription() {}

  private static Map<String, Kind> kinds() {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    kinds.put("answers", TaskDescription::answers);
    kinds.put("choices", TaskDescription::choices);
    kinds.put("classes", TaskDescription::classes);
    kinds.put("questions", (fields, name) -> ofFile(fields, Tasks::jsonl));
    kinds.put("summaries", TaskDescription::summaries);
    kinds.put("perplexity", TaskDescription::perplexity);
    kinds.put("multipleChoice", TaskDescription::multipleChoice);
    kinds.put("mmlu", (fields, name) -> multipleChoice(fields, MultipleChoice::mmlu));
    kinds.put("gsm8k", TaskDescription::gsm8k);
    kinds.put("truthfulQa", (fields, name) -> ofFile(fields, Tasks::truthfulQa));
    kinds.put("squad", TaskDescription::squad);
    kinds.put("longContext", (fields, name) -> longContext(fields));
    return kinds;
  }

  /** Reads a task and collects problems. The caller finishes the fields. */
  static Optional<Task> read(Fields fields) {
    Optional<String> name = fields.text("name");
    boolean general = fields.flag("general").orElse(false);
    Optional<Integer> limit = fields.integer("limit", 1);
    KINDS.keySet().forEach(fields::find);
    List<String> written = KINDS.keySet().stream().filter(fields.written()::contains).toList();
    if (written.size() != 1) {
      fields.problem(
          "",
          "expected one kind of task (%s), found %s. Write one."
              .formatted(String.join(", ", KINDS.keySet()), written));
      return Optional.empty();
    }
    return fields
        .mapping(written.get(0))
        .flatMap(kind -> Objects.requireNonNull(KINDS.get(written.get(0))).read(kind, name))
        .map(task -> name.isPresent() ? task.named(name.get()) : task)
        .map(task -> limit.isPresent() ? task.limit(limit.get()) : task)
        .map(task -> general ? task.general() : task);
  }

  /** Finishes the keys of a kind and creates its task; rows that cannot be used are a problem. */
  private static Optional<Task> made(Fields fields, String key, Supplier<Task> task) {
    List<Task> made = new ArrayList<>();
    fields.attempt(
        key,
        () -> {
          try {
            made.add(task.get());
          } catch (DatasetException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
          }
        });
    return made.stream().findFirst();
  }

  private static Optional<Path> path(Fields fields) {
    fields.require(PATH, "Name the file with the rows.");
    return fields.file(PATH);
  }

  private static String called(Optional<String> name, Path file) {
    return name.orElseGet(() -> file.getFileName().toString().replaceFirst("\\.[^.]+$", ""));
  }

  private static Optional<Task> ofFile(Fields fields, Function<Path, Task> reader) {
    Optional<Path> file = path(fields);
    fields.finish();
    return file.flatMap(path -> made(fields, PATH, () -> reader.apply(path)));
  }

  /** Few-shot examples. */
  private record FewShot(int count, Path file) {}

  private static Optional<FewShot> fewShot(Fields fields) {
    return fields
        .mapping(FEW_SHOT)
        .flatMap(
            shots -> {
              shots.require("count", "Write how many solved rows stand before each question.");
              shots.require(PATH, "Name the file with the solved rows.");
              Optional<Integer> count = shots.integer("count", 0);
              Optional<Path> file = shots.file(PATH);
              shots.finish();
              return count.flatMap(many -> file.map(path -> new FewShot(many, path)));
            });
  }

  private static Optional<Task> answers(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    RowTask rows = rows(fields, name, file);
    Optional<String> answer = requiredField(fields, "answer");
    AnswerExtraction extraction = extraction(fields);
    AnswerMetric[] metrics = metrics(fields);
    RowTask generating = rows.generating(generation(fields, 64));
    fields.finish();
    return file.isEmpty() || answer.isEmpty()
        ? Optional.empty()
        : made(fields, PATH, () -> generating.answers(answer.get(), extraction, metrics));
  }

  private static Optional<Task> choices(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    RowTask rows = rows(fields, name, file);
    Optional<String> choices = requiredField(fields, "choices");
    Optional<String> answer = requiredField(fields, "answer");
    fields.finish();
    return file.isEmpty() || choices.isEmpty() || answer.isEmpty()
        ? Optional.empty()
        : made(fields, PATH, () -> rows.choices(choices.get(), answer.get()));
  }

  /** Compares likelihoods if there is a prompt; otherwise uses a classifier's output layer. */
  private static Optional<Task> classes(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    Optional<String> label = requiredField(fields, "label");
    fields.exclude("text", PROMPT);
    if (fields.written().contains(PROMPT)) {
      RowTask rows = rows(fields, name, file);
      Map<String, String> words = words(fields);
      fields.find("text");
      fields.finish();
      return file.isEmpty() || label.isEmpty()
          ? Optional.empty()
          : made(fields, PATH, () -> rows.classes(label.get(), words));
    }
    fields.find(PROMPT);
    Optional<String> text = requiredField(fields, "text");
    List<String> slices = fields.texts("slices");
    fields.finish();
    return file.isEmpty() || label.isEmpty() || text.isEmpty()
        ? Optional.empty()
        : made(
            fields,
            PATH,
            () ->
                RowTask.of(called(name, file.get()), file.get())
                    .slicedBy(slices.toArray(String[]::new))
                    .classesByHead(text.get(), label.get()));
  }

  private static Map<String, String> words(Fields fields) {
    Map<String, String> words = new LinkedHashMap<>();
    fields
        .mapping("words")
        .ifPresent(
            all -> all.written().forEach(key -> all.text(key).ifPresent(w -> words.put(key, w))));
    return words;
  }

  private static Optional<Task> summaries(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    String document = fields.text("document").orElse("document");
    String summary = fields.text("summary").orElse("summary");
    fields.finish();
    return file.flatMap(
        path ->
            made(fields, PATH, () -> Tasks.summaries(called(name, path), path, document, summary)));
  }

  private static Optional<Task> perplexity(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    String field = fields.text("text").orElse("text");
    int window = fields.integer("window", 1).orElse(0);
    int stride = fields.integer("stride", 1).orElse(0);
    fields.finish();
    return file.flatMap(
        path ->
            made(
                fields,
                PATH,
                () ->
                    Tasks.perplexity(
                        called(name, path),
                        TaskRows.read(Datasets.read(path), (i, row) -> row.text(field)),
                        window,
                        stride)));
  }

  private static Optional<Task> multipleChoice(Fields fields, Optional<String> name) {
    return multipleChoice(fields, file -> MultipleChoice.jsonl(called(name, file), file));
  }

  private static Optional<Task> multipleChoice(
      Fields fields, Function<Path, MultipleChoice> reader) {
    Optional<Path> file = path(fields);
    Optional<MultipleChoice.Style> style = fields.choice("style", MultipleChoice.Style.class);
    Optional<FewShot> shots = fewShot(fields);
    fields.finish();
    return file.flatMap(
        path ->
            made(
                fields,
                PATH,
                () -> {
                  MultipleChoice questions = reader.apply(path);
                  questions = style.map(questions::style).orElse(questions);
                  return shots.isPresent()
                      ? questions.fewShot(shots.get().count(), shots.get().file()).build()
                      : questions.build();
                }));
  }

  private static Optional<Task> gsm8k(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    Optional<FewShot> shots = fewShot(fields);
    fields.finish();
    return file.flatMap(
        path ->
            made(
                fields,
                PATH,
                () ->
                    shots.isPresent()
                        ? Tasks.gsm8k(path, shots.get().count(), shots.get().file())
                        : Tasks.gsm8k(path, 0, path)));
  }

  private static Optional<Task> squad(Fields fields, Optional<String> name) {
    Optional<Path> file = path(fields);
    boolean passage = fields.flag("passage").orElse(true);
    fields.finish();
    return file.flatMap(path -> made(fields, PATH, () -> Tasks.squad(path, passage)));
  }

  private static Optional<Task> longContext(Fields fields) {
    fields.require(TOKENIZER, "Name the folder of a model, whose tokens are counted.");
    Optional<Path> folder = fields.file(TOKENIZER);
    LongContext.Kind kind =
        fields.choice("kind", LongContext.Kind.class).orElse(LongContext.Kind.NEEDLE);
    List<Integer> lengths = fields.integers("lengths", 1);
    List<Double> depths = fields.numbers("depths");
    Optional<Integer> items = fields.integer("items", 1);
    Optional<Long> seed = fields.whole("seed");
    fields.finish();
    return folder.flatMap(
        path ->
            made(
                fields,
                fields.written().contains("lengths") ? "lengths" : TOKENIZER,
                () -> {
                  try (Tokenizer tokenizer = Tokenizer.load(path)) {
                    LongContext task =
                        LongContext.of(kind, text -> tokenizer.encode(text, false).length);
                    if (!lengths.isEmpty()) {
                      task.lengths(lengths.stream().mapToInt(Integer::intValue).toArray());
                    }
                    if (!depths.isEmpty()) {
                      task.depths(depths.stream().mapToDouble(Double::doubleValue).toArray());
                    }
                    items.ifPresent(task::items);
                    seed.ifPresent(task::seed);
                    return task.task();
                  }
                }));
  }

  /** Reads the keys common to kinds with prompt templates. */
  private static RowTask rows(Fields fields, Optional<String> name, Optional<Path> file) {
    Path path = file.orElse(Path.of("missing"));
    RowTask rows = RowTask.of(called(name, path), path);
    List<String> prompt = fields.texts(PROMPT);
    if (!prompt.isEmpty()) {
      rows = rows.prompt(PromptTemplate.of(prompt.toArray(String[]::new)));
    }
    Optional<FewShot> shots = fewShot(fields);
    if (shots.isPresent()) {
      rows = rows.fewShot(shots.get().count(), shots.get().file());
    }
    String delimiter = fields.text("delimiter").orElse(" ");
    String separator = fields.text("separator").orElse("\n\n");
    List<String> slices = fields.texts("slices");
    return rows.joined(delimiter, separator).slicedBy(slices.toArray(String[]::new));
  }

  private static Optional<String> requiredField(Fields fields, String key) {
    fields.require(key, "Name the rows' field.");
    return fields.text(key);
  }

  private static GenerationOptions generation(Fields fields, int usual) {
    GenerationOptions.Builder options = GenerationOptions.greedy().toBuilder();
    options.maxNewTokens(fields.integer("maxNewTokens", 1).orElse(usual));
    fields.attempt("stop", () -> options.stopStrings(fields.texts("stop")));
    return options.build();
  }

  private static final Map<String, Supplier<AnswerExtraction>> EXTRACTIONS =
      Map.of("whole", AnswerExtraction::whole, "first-line", AnswerExtraction::firstLine);

  private static AnswerExtraction extraction(Fields fields) {
    boolean isMapping =
        fields.find(EXTRACT).map(value -> value.content() instanceof Map).orElse(false);
    if (isMapping) {
      return fields.mapping(EXTRACT).map(TaskDescription::pattern).orElseThrow();
    }
    String word = fields.text(EXTRACT).orElse("whole");
    if (!EXTRACTIONS.containsKey(word)) {
      fields.refuse(EXTRACT, word, EXTRACTIONS.keySet());
      return AnswerExtraction.whole();
    }
    return EXTRACTIONS.get(word).get();
  }

  private static AnswerExtraction pattern(Fields fields) {
    List<AnswerExtraction> found = new ArrayList<>();
    pattern(fields, "first", pattern -> found.add(AnswerExtraction.first(pattern)));
    pattern(fields, "last", pattern -> found.add(AnswerExtraction.last(pattern)));
    fields.exclude("first", "last");
    if (fields.written().isEmpty()) {
      fields.problem("", "expected first or last with a pattern, found nothing. Write one.");
    }
    fields.finish();
    return found.isEmpty() ? AnswerExtraction.whole() : found.get(0);
  }

  private static void pattern(Fields fields, String key, Consumer<Pattern> found) {
    fields
        .text(key)
        .ifPresent(text -> fields.attempt(key, () -> found.accept(Pattern.compile(text))));
  }

  private static AnswerMetric[] metrics(Fields fields) {
    List<AnswerMetric> found = new ArrayList<>();
    for (String name : fields.texts(METRICS)) {
      if (ANSWER_METRICS.containsKey(name)) {
        found.add(ANSWER_METRICS.get(name));
      } else {
        fields.refuse(METRICS, name, ANSWER_METRICS.keySet());
      }
    }
    return found.isEmpty()
        ? new AnswerMetric[] {AnswerMetric.SQUAD}
        : found.toArray(AnswerMetric[]::new);
  }
}
