import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.task.MultipleChoice;
import io.adapt4j.eval.task.Task;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reproduces, on a small scale, the study "Fine-Tuning or Retrieval?" (Ovadia et al., EMNLP 2024):
 * how well a model answers questions on new facts as is, trained on 1, 2, 5 and 10 paraphrases of
 * them, with retrieved passages, and with both. Prints a table in Markdown.
 *
 * <p>{@code java @verification/target/java.args verification/studies/FineTuningOrRetrieval.java
 * SHARED_DATA [--small | --quick] [OUTPUT]}: run it from the root of the repository. The folder
 * contains {@code stories3M} and {@code tinystories}. All files are kept in the output folder
 * (default {@code runs/fine-tuning-or-retrieval}); repeating the command resumes. {@code --small}
 * reduces all sizes; {@code --quick} is a smoke test of a minute with meaningless results.
 */
public final class FineTuningOrRetrieval {

  private static final Map<String, StudySize> SIZES =
      Map.of("--small", StudySize.SMALL, "--quick", StudySize.QUICK);

  private FineTuningOrRetrieval() {}

  /**
   * Runs the study.
   *
   * @param arguments the folder of shared data and, optionally, a size and the output
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    List<String> given = new ArrayList<>(Arrays.asList(arguments));
    String option = given.stream().filter(SIZES::containsKey).findFirst().orElse("");
    given.remove(option);
    if (given.isEmpty() || given.size() > 2) {
      System.err.println("Usage: FineTuningOrRetrieval SHARED_DATA [--small | --quick] [OUTPUT]");
      System.exit(2);
    }
    Path shared = Path.of(given.get(0));
    String usual = "runs/fine-tuning-or-retrieval" + option.replace("--", "-");
    long start = System.nanoTime();
    String results =
        new Study(
                ModelSource.path(shared.resolve("stories3M")),
                shared.resolve("tinystories/stories_800.jsonl"),
                SIZES.getOrDefault(option, StudySize.WHOLE),
                Path.of(given.size() > 1 ? given.get(1) : usual),
                System.out::println)
            .run();
    System.out.printf("%n%s%n", results);
    System.out.printf(
        Locale.ROOT, "This run took %.1f minutes.%n", (System.nanoTime() - start) / 60e9);
  }
}

/**
 * Study after Ovadia et al. (EMNLP 2024, "Fine-Tuning or Retrieval? Comparing Knowledge Injection
 * in LLMs") with a model that trains in minutes: does it answer questions on new facts better after
 * training on one or more paraphrases of them, or with retrieved passages?
 *
 * <p>The facts concern invented villages, so no model can know them. The base model is trained from
 * a small one on real stories and other villages, and so knows the form of statements, questions
 * and documents on villages before it meets the new ones.
 */
final class Study {

  private static final int STORY_CHARACTERS = 500;

  private final StudyRuns runs;
  private final StudySize size;
  private final Path output;

  /**
   * Prepares a study.
   *
   * @param start the checkpoint that the base model continues from
   * @param stories real texts as JSON lines, at least the number in {@code size}
   * @param size size of the study
   * @param output folder for all files; an interrupted study resumes from it
   * @param progress receives progress messages
   */
  public Study(
      ModelSource start, Path stories, StudySize size, Path output, Consumer<String> progress) {
    this.size = size;
    this.output = output;
    this.runs = new StudyRuns(start, beginnings(stories, size.stories()), size, output, progress);
  }

  private static List<String> beginnings(Path file, int count) {
    Dataset rows = Datasets.jsonl(file);
    if (rows.size() < count) {
      throw new IllegalArgumentException(
          file + ": expected at least " + count + " stories, found " + rows.size());
    }
    return IntStream.range(0, count)
        .mapToObj(row -> ((Example.Text) rows.get(row)).text())
        .map(text -> text.substring(0, Math.min(STORY_CHARACTERS, text.length())))
        .toList();
  }

  /**
   * Runs all parts that are not on disk yet.
   *
   * @return the results as Markdown, also in {@code results.md} of the output folder
   * @throws IOException if a file cannot be read or written
   * @throws IllegalStateException if the output folder holds a study of another size
   */
  public String run() throws IOException {
    requireSameSize();
    runs.run();
    String text = new StudyTable(runs, size).text();
    Files.writeString(output.resolve("results.md"), text);
    return text;
  }

  private void requireSameSize() throws IOException {
    Path file = output.resolve("size.txt");
    String wanted = size.toString();
    if (!Files.exists(file)) {
      Files.createDirectories(output);
      Files.writeString(file, wanted);
    }
    String found = Files.readString(file);
    if (!found.equals(wanted)) {
      throw new IllegalStateException(
          ("%s holds a study of another size; choose another folder or delete it. Wanted: %s;"
                  + " found: %s")
              .formatted(output, wanted, found));
    }
  }
}

/**
 * Size of a study.
 *
 * @param storedVillages number of villages that the base model learns, from 2 to 500
 * @param rounds repetitions of each of their facts and, for half of them, each question
 * @param openBookRows rows with questions after documents
 * @param stories real stories in its data
 * @param villages new villages per seed, with five facts each
 * @param epochs epochs of fine-tuning
 * @param seeds random seeds, each with separate villages and trainings
 */
record StudySize(
    int storedVillages,
    int rounds,
    int openBookRows,
    int stories,
    int villages,
    int epochs,
    List<Long> seeds) {

  /** The full study. */
  public static final StudySize WHOLE =
      new StudySize(80, 20, 5000, 800, 24, 5, List.of(1L, 2L, 3L));

  /** A third of the pre-training and two thirds of the facts. */
  public static final StudySize SMALL =
      new StudySize(40, 20, 1500, 200, 16, 5, List.of(1L, 2L, 99L));

  /** A smoke test; its results are meaningless. */
  public static final StudySize QUICK = new StudySize(10, 4, 60, 20, 4, 2, List.of(1L));

  /**
   * Checks the numbers. Throws {@link IllegalArgumentException} if a number is out of its range.
   */
  public StudySize {
    seeds = List.copyOf(seeds);
    if (storedVillages < 2 || storedVillages > 500) {
      throw new IllegalArgumentException(
          "storedVillages: expected 2 to 500, found " + storedVillages);
    }
    if (rounds < 1 || openBookRows < 1 || stories < 1 || villages < 2 || epochs < 1) {
      throw new IllegalArgumentException(
          "rounds, openBookRows, stories, epochs: expected 1 or more, villages 2 or more, found "
              + List.of(rounds, openBookRows, stories, epochs, villages));
    }
    if (seeds.isEmpty()) {
      throw new IllegalArgumentException("seeds: expected at least one, found none");
    }
  }
}

/**
 * One way to give a model new facts.
 *
 * @param paraphrases training sentences per fact; 0 if it is not trained
 */
record Condition(int paraphrases, int repeats, double rate, boolean grounded) {

  /** The highest rate of Ovadia et al. */
  static final double GENTLE = 5e-5;

  /** Half the learning rate of the base model's pre-training. */
  static final double STRONG = 5e-4;

  static final Condition BASE = new Condition(0, 1, 0, false);
  static final Condition RAG = new Condition(0, 1, 0, true);

  static final List<Double> RATES = List.of(GENTLE, STRONG);
  private static final List<Integer> WORDINGS = List.of(1, 2, 5, 10);

  static Condition tuned(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, false);
  }

  /** Returns the condition with one paraphrase, for as many steps as with the most paraphrases. */
  static Condition repeated(double rate) {
    return new Condition(1, 10, rate, false);
  }

  static Condition both(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, true);
  }

  /**
   * Returns conditions with the same learning rate and epochs, on an increasing number of
   * paraphrases.
   */
  static List<Condition> byWordings(double rate) {
    return WORDINGS.stream().map(count -> tuned(count, rate)).toList();
  }

  /** Returns all conditions. */
  static List<Condition> all() {
    List<Condition> all = new ArrayList<>(List.of(BASE, RAG));
    for (double rate : RATES) {
      all.addAll(byWordings(rate));
      all.add(repeated(rate));
      all.add(both(1, rate));
      all.add(both(10, rate));
    }
    return Collections.unmodifiableList(all);
  }

  boolean isTuned() {
    return paraphrases > 0;
  }

  /** Returns the name in tables. */
  String title() {
    String model =
        isTuned()
            ? format(
                "fine-tuned at %.0e, %d paraphrase%s",
                rate, paraphrases, paraphrases > 1 ? "s" : "")
            : "base";
    return model + (repeats > 1 ? " for 10 times the epochs" : "") + (grounded ? " + RAG" : "");
  }

  /** Returns the folder of the model, shared by conditions with and without passages. */
  String model() {
    return isTuned()
        ? format("rate-%.0e-paraphrases-%d%s", rate, paraphrases, repeats > 1 ? "-repeated" : "")
        : "base";
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}

/**
 * Attribute of a village: its possible values, paraphrases that state it, and questions that ask
 * for it. Only the first question is used in exams. No paraphrase is a question, so training on
 * paraphrases does not reveal the exam.
 */
enum Relation {
  ANIMALS,
  HOUSES,
  FOOD,
  MAYOR,
  PLACE;

  private final String possible;
  private final String paraphrases;
  private final String questions;

  /** Reads the texts: a paragraph of values, one of paraphrases, one of questions. */
  Relation() {
    String[] paragraphs = text(name().toLowerCase(Locale.ROOT) + ".txt").split("\n\n", -1);
    this.possible = paragraphs[0];
    this.paraphrases = paragraphs[1];
    this.questions = paragraphs[2];
  }

  private static String text(String name) {
    try {
      return Files.readString(Path.of("verification/studies/fine-tuning-or-retrieval", name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> possible() {
    return List.of(possible.strip().split("\\s+"));
  }

  /** Returns the number of paraphrases. */
  int paraphrases() {
    return (int) paraphrases.lines().count();
  }

  String paraphrase(int number, Village village) {
    return filled(paraphrases, number, village);
  }

  /** Returns the exam's question. */
  String question(Village village) {
    return question(0, village);
  }

  int questions() {
    return (int) questions.lines().count();
  }

  String question(int number, Village village) {
    return filled(questions, number, village);
  }

  private String filled(String templates, int number, Village village) {
    return templates
        .lines()
        .skip(number)
        .findFirst()
        .orElseThrow()
        .replace("{name}", village.name())
        .replace("{value}", village.value(this));
  }
}

/** An invented village. */
record Village(String name, Map<Relation, String> values) {

  /** Invents the facts of a village. */
  static Village invent(String name, Random random) {
    Map<Relation, String> values = new EnumMap<>(Relation.class);
    for (Relation relation : Relation.values()) {
      values.put(relation, relation.possible().get(random.nextInt(relation.possible().size())));
    }
    return new Village(name, values);
  }

  String value(Relation relation) {
    return values.get(relation);
  }
}

/** Names of villages, in their own order: those for pre-training never come up later. */
final class Names {

  private static final int FOR_PRETRAINING = 600;
  private static final List<String> BEGINNINGS =
      List.of(
          "Bel", "Dor", "Fal", "Gim", "Hul", "Jor", "Kal", "Lum", "Mor", "Nev", "Pol", "Rud", "Sel",
          "Tor", "Ul", "Vel", "Wim", "Yar", "Zan", "Cro");
  private static final List<String> MIDDLES = List.of("a", "e", "i", "o", "u");
  private static final List<String> ENDS =
      List.of(
          "by", "dale", "don", "fin", "gard", "kin", "lin", "mar", "nor", "ros", "tan", "ven",
          "wick", "zor");
  private static final List<String> ALL = all();

  private Names() {}

  private static List<String> all() {
    List<String> names = new ArrayList<>();
    for (String beginning : BEGINNINGS) {
      for (String middle : MIDDLES) {
        for (String end : ENDS) {
          names.add(beginning + middle + end);
        }
      }
    }
    Collections.shuffle(names, new Random(1));
    return List.copyOf(names);
  }

  /** The names that a base model may have seen. */
  static List<String> forPretraining() {
    return ALL.subList(0, FOR_PRETRAINING);
  }

  /** Names that no base model has seen; another seed draws others. */
  static List<String> unknown(int count, long seed) {
    List<String> names = new ArrayList<>(ALL.subList(FOR_PRETRAINING, ALL.size()));
    if (count > names.size()) {
      throw new IllegalArgumentException(
          "villages: expected at most " + names.size() + ", found " + count);
    }
    Collections.shuffle(names, new Random(seed));
    return List.copyOf(names.subList(0, count));
  }
}

/** Texts about villages: sentences, documents, questions. */
final class Texts {

  private Texts() {}

  /** Returns paraphrases of a fact; each list begins with the shorter lists. */
  static List<String> paraphrases(Village village, Relation relation, int count, long seed) {
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, relation.paraphrases()).boxed().toList());
    Collections.shuffle(
        order, new Random(seed + 31L * village.name().hashCode() + relation.name().hashCode()));
    return order.stream().limit(count).map(number -> relation.paraphrase(number, village)).toList();
  }

  /** Returns a document with all facts of a village, each in its first paraphrase. */
  static String document(Village village, long seed) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : Relation.values()) {
      sentences.addAll(paraphrases(village, relation, 1, seed));
    }
    return String.join(" ", sentences);
  }

  /** Returns a document with some facts of a village, in random paraphrases and order. */
  static String document(Village village, List<Relation> relations, Random random) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : relations) {
      sentences.add(relation.paraphrase(random.nextInt(relation.paraphrases()), village));
    }
    return String.join(" ", sentences);
  }

  /** Returns a question with its answer in the exam's format. */
  static String answered(String question, String answer) {
    return "Question: " + question + "\nAnswer: " + answer;
  }
}

/**
 * Pre-training data of the base model, without any of the tested facts: villages told in all
 * paraphrases, questions on half of them, questions after documents on villages invented for a
 * single row, and stories.
 *
 * <p>The model thus learns to answer both from memory and from preceding documents, in the same
 * form.
 */
final class Pretraining {

  /**
   * Maximum number of questions after documents: many, since only answers can be learned from such
   * a row.
   */
  private static final int MOST_QUESTIONS = 6;

  private final StudySize size;
  private final Random random = new Random(7);
  private final List<Village> stored;

  /** Names in documents, with different facts each time. */
  private final List<String> throwaway;

  Pretraining(StudySize size) {
    this.size = size;
    this.stored = stored(size.storedVillages());
    List<String> names = Names.forPretraining();
    this.throwaway = names.subList(size.storedVillages(), names.size());
  }

  /** Returns the villages that the base model knows. */
  static List<Village> stored(int count) {
    Random values = new Random(3);
    return Names.forPretraining().stream()
        .limit(count)
        .map(name -> Village.invent(name, values))
        .toList();
  }

  /**
   * Returns whether the base model has seen questions on a stored village; it has seen statements
   * on all.
   */
  static boolean isAsked(int number) {
    return number % 2 == 0;
  }

  /** Returns all examples once; the trainer shuffles them. */
  List<Example> rows(List<String> stories) {
    List<Example> rows = new ArrayList<>();
    for (int round = 0; round < size.rounds(); round++) {
      for (int i = 0; i < stored.size(); i++) {
        for (Relation relation : Relation.values()) {
          rows.add(statement(stored.get(i), relation));
          if (isAsked(i)) {
            rows.add(question(stored.get(i), relation));
          }
        }
      }
    }
    for (int i = 0; i < size.openBookRows(); i++) {
      rows.add(openBook());
    }
    stories.forEach(story -> rows.add(new Example.Text(story)));
    return rows;
  }

  private Example statement(Village village, Relation relation) {
    return new Example.Text(relation.paraphrase(random.nextInt(relation.paraphrases()), village));
  }

  private Example question(Village village, Relation relation) {
    return new Example.Text(asked(village, relation));
  }

  private String asked(Village village, Relation relation) {
    return Texts.answered(
        relation.question(random.nextInt(relation.questions()), village), village.value(relation));
  }

  private Example openBook() {
    List<String> lines = new ArrayList<>();
    List<String> questions = new ArrayList<>();
    int documents = 1 + random.nextInt(3);
    int first = random.nextInt(throwaway.size());
    for (int i = 0; i < documents; i++) {
      Village village = Village.invent(throwaway.get((first + i * 37) % throwaway.size()), random);
      List<Relation> told = told();
      lines.add(Texts.document(village, told, random));
      told.forEach(relation -> questions.add(asked(village, relation)));
    }
    Collections.shuffle(questions, random);
    int asked = Math.min(2 + random.nextInt(MOST_QUESTIONS - 1), questions.size());
    lines.addAll(questions.subList(0, asked));
    return new Example.Text(String.join("\n", lines));
  }

  /** Returns two or more random relations, in random order. */
  private List<Relation> told() {
    List<Relation> relations = new ArrayList<>(Arrays.asList(Relation.values()));
    Collections.shuffle(relations, random);
    return relations.subList(0, 2 + random.nextInt(relations.size() - 1));
  }
}

/** Trains the study's models, each only if it is not on disk yet. */
final class StudyTraining {

  private static final double PRETRAINING_RATE = 1e-3;
  private static final int PRETRAINING_LENGTH = 256;
  private static final int PRETRAINING_ROWS = 8;
  private static final int TUNING_LENGTH = 64;
  private static final int TUNING_ROWS = 16;
  private static final int SAVE_STEPS = 100;

  private final StudySize size;
  private final Path output;
  private final Consumer<String> progress;

  StudyTraining(StudySize size, Path output, Consumer<String> progress) {
    this.size = size;
    this.output = output;
    this.progress = progress;
  }

  /** Returns the base model, trained further from another one on stories and villages. */
  Path base(ModelSource start, List<String> stories) throws IOException {
    Path folder = output.resolve("base");
    return once(
        folder,
        "base model",
        start,
        () -> new Pretraining(size).rows(stories),
        tuner ->
            tuner
                .epochs(1)
                .packing(true)
                .maxLength(PRETRAINING_LENGTH)
                .batchSize(PRETRAINING_ROWS)
                .learningRate(PRETRAINING_RATE)
                .schedule(LearningRateSchedule.COSINE)
                .evaluateEvery(Interval.EPOCH)
                .saveEvery(Interval.steps(SAVE_STEPS))
                .saveLimit(1)
                .seed(11));
  }

  /** Returns the base model fine-tuned on sentences that state the facts. */
  Path tuned(Path base, long seed, List<Village> villages, Condition condition) throws IOException {
    return once(
        output.resolve("seed-" + seed).resolve(condition.model()),
        "seed " + seed + ", " + condition.model(),
        ModelSource.path(base),
        () -> sentences(villages, condition.paraphrases(), seed),
        tuner ->
            tuner
                .epochs(size.epochs() * condition.repeats())
                .groupByLength()
                .maxLength(TUNING_LENGTH)
                .batchSize(TUNING_ROWS)
                .learningRate(condition.rate())
                .schedule(LearningRateSchedule.LINEAR)
                .saveLimit(0)
                .seed(seed));
  }

  private static List<Example> sentences(List<Village> villages, int paraphrases, long seed) {
    List<Example> rows = new ArrayList<>();
    for (Village village : villages) {
      for (Relation relation : Relation.values()) {
        Texts.paraphrases(village, relation, paraphrases, seed)
            .forEach(text -> rows.add(new Example.Text(text)));
      }
    }
    return rows;
  }

  /** Lazily created rows of a training. */
  private interface Rows {
    List<Example> make();
  }

  private Path once(
      Path folder,
      String name,
      ModelSource from,
      Rows rows,
      UnaryOperator<FineTuner.Builder> settings)
      throws IOException {
    Path done = folder.resolveSibling(folder.getFileName() + ".done");
    Path model = folder.resolve("last");
    if (Files.exists(done)) {
      return model;
    }
    List<Example> examples = rows.make();
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(from)
            .dataset(Datasets.of(examples))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .weightDecay(0.01)
            .output(folder);
    FineTuneReport report =
        settings
            .apply(
                Files.isDirectory(folder.resolve("states"))
                    ? builder.resume()
                    : builder.overwriteOutput())
            .build()
            .run();
    Files.writeString(
        done,
        String.format(
            Locale.ROOT,
            "%d rows, %d steps, %d tokens an epoch, %.0f s%n",
            examples.size(),
            report.plan().steps(),
            report.plan().targetTokensPerEpoch(),
            report.elapsed().toMillis() / 1e3));
    progress.accept(name + ": " + Files.readString(done).strip());
    return model;
  }
}

/** Multiple-choice questions on villages: one per fact, with three other values of its relation. */
final class Exam {

  private static final int WRONG_CHOICES = 3;

  private Exam() {}

  /** Writes the questions as a file of JSON lines, and reads it as a task. */
  static Task write(Path file, String name, List<Village> villages, long seed) throws IOException {
    Random random = new Random(seed);
    List<String> lines = new ArrayList<>();
    for (Village village : villages) {
      for (Relation relation : Relation.values()) {
        lines.add(line(seed, village, relation, random));
      }
    }
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
    return MultipleChoice.jsonl(name, file).build();
  }

  /** Nothing in it needs escaping: names, values and questions are letters and punctuation. */
  private static String line(long seed, Village village, Relation relation, Random random) {
    return String.format(
        Locale.ROOT,
        "{\"id\": \"%d-%s-%s\", \"village\": \"%s\", \"relation\": \"%s\", \"question\": \"%s\","
            + " \"choices\": [%s], \"answer\": \"%s\"}",
        seed,
        village.name(),
        relation.name().toLowerCase(Locale.ROOT),
        village.name(),
        relation.name().toLowerCase(Locale.ROOT),
        relation.question(village),
        choices(village, relation, random).stream()
            .map(choice -> '"' + choice + '"')
            .collect(Collectors.joining(", ")),
        village.value(relation));
  }

  private static List<String> choices(Village village, Relation relation, Random random) {
    String right = village.value(relation);
    List<String> wrong = new ArrayList<>(relation.possible());
    wrong.remove(right);
    Collections.shuffle(wrong, random);
    List<String> choices = new ArrayList<>(wrong.subList(0, WRONG_CHOICES));
    choices.add(right);
    Collections.shuffle(choices, random);
    return choices;
  }
}

/** Finds passages for prompts, cached, as all choices of a question share a prompt. */
final class PassageFinder {

  private static final Pattern ASKED =
      Pattern.compile("(?:Question: )?(.*?)(?:\\nAnswer:)?", Pattern.DOTALL);

  private final Rag rag;
  private final Map<String, List<Passage>> found = new HashMap<>();

  PassageFinder(Rag rag) {
    this.rag = rag;
  }

  /**
   * Returns the passages, best first; the question's template text is removed before the search.
   */
  List<Passage> find(String prompt) {
    return found.computeIfAbsent(prompt, text -> rag.search(question(text)).passages());
  }

  private static String question(String prompt) {
    Matcher asked = ASKED.matcher(prompt);
    return asked.matches() ? asked.group(1).strip() : prompt;
  }
}

/**
 * A candidate that reads retrieved passages before it replies: retrieval in front of any other
 * candidate, including likelihoods. The passages precede the prompt, one per line, the best one
 * last, next to the question.
 */
final class GroundedCandidate implements Candidate {

  private final Candidate model;
  private final PassageFinder finder;
  private final String documents;

  /**
   * Adds retrieval to a candidate.
   *
   * @param model the candidate that replies
   * @param rag source of passages, whose options determine their number; closed by the caller
   * @param documents name of the index's content, to distinguish replies with other documents
   */
  public GroundedCandidate(Candidate model, Rag rag, String documents) {
    this(model, new PassageFinder(rag), documents);
  }

  GroundedCandidate(Candidate model, PassageFinder finder, String documents) {
    this.model = Objects.requireNonNull(model, "model");
    this.finder = finder;
    this.documents = Objects.requireNonNull(documents, "documents");
  }

  @Override
  public String identity() {
    return model.identity() + " after passages of " + documents;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    return model.reply(requests.stream().map(this::grounded).toList());
  }

  private Request grounded(Request request) {
    if (request instanceof Request.Likelihood one) {
      return new Request.Likelihood(grounded(one.context()), one.continuation());
    }
    if (request instanceof Request.Answer one) {
      return new Request.Answer(grounded(one.prompt()), one.options());
    }
    throw new UnsupportedOperationException(
        "A text as a whole asks nothing that passages could be found for; evaluate the model"
            + " without retrieval on such tasks");
  }

  private String grounded(String prompt) {
    List<Passage> passages = finder.find(prompt);
    StringBuilder text = new StringBuilder();
    for (int i = passages.size() - 1; i >= 0; i--) {
      text.append(passages.get(i).text().strip().replaceAll("\\s+", " ")).append('\n');
    }
    return text.append(prompt).toString();
  }
}

/** Correctness of answers by question, stored in a file of lines {@code id TAB 1} or 0. */
final class Scores {

  private Scores() {}

  static void write(Path file, Map<String, Double> scores) throws IOException {
    String text =
        scores.entrySet().stream()
            .map(entry -> entry.getKey() + "\t" + entry.getValue().intValue() + "\n")
            .collect(Collectors.joining());
    Files.createDirectories(file.getParent());
    Path unfinished = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(unfinished, text);
    Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
  }

  static Map<String, Double> read(Path file) throws IOException {
    Map<String, Double> scores = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      int tab = line.indexOf('\t');
      if (tab < 1) {
        throw new IOException(
            file + ": expected lines of an id, a tab and 0 or 1, found '" + line + "'");
      }
      scores.put(line.substring(0, tab), Double.valueOf(line.substring(tab + 1)));
    }
    return scores;
  }
}

/** Trains and evaluates, reusing results on disk. */
final class StudyRuns {

  /** Number of passages before a question. */
  static final int PASSAGES = 2;

  private final ModelSource start;
  private final List<String> stories;
  private final StudySize size;
  private final Path output;
  private final Consumer<String> progress;
  private final StudyTraining training;

  /** Prepares the runs. */
  StudyRuns(
      ModelSource start,
      List<String> stories,
      StudySize size,
      Path output,
      Consumer<String> progress) {
    this.start = start;
    this.stories = stories;
    this.size = size;
    this.output = output;
    this.progress = progress;
    this.training = new StudyTraining(size, output, progress);
  }

  void run() throws IOException {
    Path base = training.base(start, stories);
    examineStored(base, Pretraining::isAsked, askedScores());
    examineStored(base, number -> !Pretraining.isAsked(number), toldScores());
    Path vectors = output.resolve("vectors");
    try (TextEmbeddings embeddings = CachedEmbeddings.in(MiniLm.load(), vectors)) {
      for (long seed : size.seeds()) {
        examine(seed, base, embeddings);
      }
    }
  }

  /** Returns scores on stored villages with questions in the base model's training. */
  Path askedScores() {
    return output.resolve("stored-asked.tsv");
  }

  /** Returns scores on stored villages with only statements in the base model's training. */
  Path toldScores() {
    return output.resolve("stored-told.tsv");
  }

  Path scores(long seed, Condition condition) {
    String file = condition.model() + (condition.grounded() ? "-rag" : "") + ".tsv";
    return output.resolve("seed-" + seed).resolve(file);
  }

  /**
   * Returns scores of a tuned model on stored villages with questions in the base model's training.
   */
  Path keptScores(long seed, Condition condition) {
    return condition.isTuned()
        ? output.resolve("seed-" + seed).resolve(condition.model() + "-stored.tsv")
        : askedScores();
  }

  /** Returns whether the passages included the document that answers a question. */
  Path retrieved(long seed) {
    return output.resolve("seed-" + seed).resolve("retrieved.tsv");
  }

  private void examineStored(Path model, IntPredicate which, Path scores) throws IOException {
    if (Files.exists(scores)) {
      return;
    }
    List<Village> all = Pretraining.stored(size.storedVillages());
    List<Village> villages =
        IntStream.range(0, all.size()).filter(which).mapToObj(all::get).toList();
    Path file = scores.resolveSibling(scores.getFileName() + ".exam.jsonl");
    Task exam = Exam.write(file, "stored villages", villages, 0);
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      keep(scores, exam, Candidate.of(loaded));
    }
  }

  private void examine(long seed, Path base, TextEmbeddings embeddings) throws IOException {
    Random values = new Random(seed);
    List<Village> villages =
        Names.unknown(size.villages(), seed).stream()
            .map(name -> Village.invent(name, values))
            .toList();
    Path kept = output.resolve("seed-" + seed);
    Task exam = Exam.write(kept.resolve("exam.jsonl"), "new villages", villages, seed);
    try (Rag rag =
        Rag.builder()
            .index(kept.resolve("index"))
            .embeddings(embeddings)
            .retrieval(RetrievalOptions.builder().limit(PASSAGES).refuseOffSubject(false).build())
            .build()) {
      rag.sync(Documents.of(documents(villages, seed)));
      PassageFinder finder = new PassageFinder(rag);
      keepRetrieved(seed, exam, finder);
      for (Condition condition : Condition.all()) {
        Path model = model(base, seed, villages, condition);
        if (!Files.exists(scores(seed, condition))) {
          examine(seed, condition, exam, finder, model);
        }
        examineStored(model, Pretraining::isAsked, keptScores(seed, condition));
      }
    }
  }

  private Path model(Path base, long seed, List<Village> villages, Condition condition)
      throws IOException {
    return condition.isTuned() ? training.tuned(base, seed, villages, condition) : base;
  }

  private void examine(long seed, Condition condition, Task exam, PassageFinder finder, Path folder)
      throws IOException {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      Candidate alone = Candidate.of(model);
      Candidate candidate =
          condition.grounded() ? new GroundedCandidate(alone, finder, "seed " + seed) : alone;
      double accuracy = keep(scores(seed, condition), exam, candidate);
      progress.accept(
          String.format("seed %d, %s: %.1f %%", seed, condition.title(), 100 * accuracy));
    }
  }

  /** Returns one document per new village, pre-training village and story. */
  private List<Document> documents(List<Village> villages, long seed) {
    List<Document> documents = new ArrayList<>();
    for (Village village : villages) {
      documents.add(Document.of(village.name(), Texts.document(village, seed)));
    }
    for (Village village : Pretraining.stored(size.storedVillages())) {
      documents.add(Document.of(village.name(), Texts.document(village, 0)));
    }
    for (int i = 0; i < stories.size(); i++) {
      documents.add(Document.of("story-" + i, stories.get(i)));
    }
    return documents;
  }

  private void keepRetrieved(long seed, Task exam, PassageFinder finder) throws IOException {
    if (Files.exists(retrieved(seed))) {
      return;
    }
    Map<String, Double> found = new LinkedHashMap<>();
    exam.items()
        .forEach(
            item -> {
              String prompt = ((Request.Likelihood) item.requests().get(0)).context();
              boolean gold =
                  finder.find(prompt).stream()
                      .anyMatch(
                          passage -> passage.documentId().equals(item.fields().get("village")));
              found.put(item.id(), gold ? 1.0 : 0.0);
            });
    Scores.write(retrieved(seed), found);
  }

  private static double keep(Path file, Task exam, Candidate candidate) throws IOException {
    List<Outcome> outcomes =
        Evaluator.builder().tasks(exam).build().evaluate(candidate).result(exam.name()).outcomes();
    Map<String, Double> scores = new LinkedHashMap<>();
    outcomes.forEach(outcome -> scores.put(outcome.id(), outcome.metric("acc")));
    Scores.write(file, scores);
    return scores.values().stream().mapToDouble(score -> score).average().orElseThrow();
  }
}

/** Results of a study as Markdown. */
final class StudyTable {

  /** Significance level. */
  private static final double LEVEL = 0.05;

  private final StudyRuns runs;
  private final StudySize size;
  private final Map<Condition, Map<String, Double>> scores = new LinkedHashMap<>();

  StudyTable(StudyRuns runs, StudySize size) throws IOException {
    this.runs = runs;
    this.size = size;
    for (Condition condition : Condition.all()) {
      Map<String, Double> all = new LinkedHashMap<>();
      for (long seed : size.seeds()) {
        all.putAll(Scores.read(runs.scores(seed, condition)));
      }
      scores.put(condition, all);
    }
  }

  String text() throws IOException {
    List<String> lines = new ArrayList<>();
    int questions = scores.get(Condition.BASE).size();
    lines.add(
        format(
            "%d questions with four answers on new facts, %d seeds. Chance: 25 %%. Intervals: 95"
                + " %%, bootstrap over questions.",
            questions, size.seeds().size()));
    lines.add("");
    lines.add("| condition | accuracy | interval | by seed | kept |");
    lines.add("| --- | --- | --- | --- | --- |");
    for (Condition condition : Condition.all()) {
      lines.add(row(condition));
    }
    lines.add("");
    lines.add(
        "Kept: how much the model still knows of what the base model was asked about before.");
    lines.add("");
    lines.add("| difference | points | interval | p |");
    lines.add("| --- | --- | --- | --- |");
    lines.add(difference(Condition.RAG, Condition.BASE));
    for (double rate : Condition.RATES) {
      lines.add(difference(Condition.RAG, Condition.tuned(10, rate)));
      lines.add(difference(Condition.tuned(1, rate), Condition.BASE));
      lines.add(difference(Condition.tuned(10, rate), Condition.tuned(1, rate)));
      lines.add(difference(Condition.tuned(10, rate), Condition.repeated(rate)));
      lines.add(difference(Condition.both(10, rate), Condition.RAG));
    }
    lines.add("");
    lines.add(retrieval());
    lines.add(stored());
    lines.add("");
    lines.addAll(verdicts());
    return String.join("\n", lines).strip() + "\n";
  }

  private String row(Condition condition) throws IOException {
    ConfidenceInterval all = Bootstrap.DEFAULT.mean(values(scores.get(condition)));
    List<String> seeds = new ArrayList<>();
    double kept = 0;
    for (long seed : size.seeds()) {
      seeds.add(format("%.1f", 100 * mean(runs.scores(seed, condition))));
      kept += mean(runs.keptScores(seed, condition)) / size.seeds().size();
    }
    return format(
        "| %s | %.1f %% | %.1f to %.1f | %s | %.1f %% |",
        condition.title(),
        100 * all.value(),
        100 * all.low(),
        100 * all.high(),
        String.join(", ", seeds),
        100 * kept);
  }

  private String difference(Condition item, Condition other) {
    Comparison compared = compare(item, other);
    return format(
        "| %s less %s | %+.1f | %+.1f to %+.1f | %.4f |",
        item.title(),
        other.title(),
        100 * compared.difference().value(),
        100 * compared.difference().low(),
        100 * compared.difference().high(),
        compared.pValue());
  }

  private Comparison compare(Condition condition, Condition other) {
    return Bootstrap.DEFAULT.compare(scores.get(condition), scores.get(other));
  }

  private String retrieval() throws IOException {
    Map<String, Double> found = new LinkedHashMap<>();
    for (long seed : size.seeds()) {
      found.putAll(Scores.read(runs.retrieved(seed)));
    }
    double[] all = values(found);
    return format(
        "The document that answers was among the %d passages for %.1f %% of the questions.",
        StudyRuns.PASSAGES, 100 * Bootstrap.DEFAULT.mean(all).value());
  }

  private String stored() throws IOException {
    return format(
        "The base model on what it was pre-trained on: %.1f %% where it saw statements and"
            + " questions, %.1f %% where it saw statements only.",
        100 * mean(runs.askedScores()), 100 * mean(runs.toldScores()));
  }

  /** Returns the published findings, each with whether it is reproduced here. */
  private List<String> verdicts() {
    List<String> lines = new ArrayList<>();
    for (double rate : Condition.RATES) {
      lines.add(format("Fine-tuned at %.0e:", rate));
      lines.add("");
      lines.add(verdict("RAG is above fine-tuning on any number of paraphrases", ragIsAbove(rate)));
      lines.add(
          verdict(
              "accuracy rises from each number of paraphrases to the next ("
                  + Condition.byWordings(rate).stream()
                      .map(condition -> format("%.1f", 100 * mean(condition)))
                      .collect(Collectors.joining(", "))
                  + ")",
              rises(Condition.byWordings(rate))));
      lines.add(
          verdict(
              "10 paraphrases are above 1",
              isAbove(Condition.tuned(10, rate), Condition.tuned(1, rate))));
      lines.add(
          verdict(
              "10 paraphrases are above 1 in as many steps",
              isAbove(Condition.tuned(10, rate), Condition.repeated(rate))));
      lines.add("");
    }
    return lines;
  }

  private boolean rises(List<Condition> conditions) {
    return IntStream.range(1, conditions.size())
        .allMatch(i -> mean(conditions.get(i)) > mean(conditions.get(i - 1)));
  }

  private boolean ragIsAbove(double rate) {
    return Condition.byWordings(rate).stream()
        .allMatch(condition -> isAbove(Condition.RAG, condition));
  }

  private boolean isAbove(Condition condition, Condition other) {
    Comparison compared = compare(condition, other);
    return compared.difference().value() > 0 && compared.pValue() <= LEVEL;
  }

  private static String verdict(String finding, boolean shows) {
    return "- " + finding + ": " + (shows ? "yes" : "no");
  }

  private double mean(Condition condition) {
    return Bootstrap.DEFAULT.mean(values(scores.get(condition))).value();
  }

  private static double mean(Path file) throws IOException {
    return Bootstrap.DEFAULT.mean(values(Scores.read(file))).value();
  }

  private static double[] values(Map<String, Double> scores) {
    return scores.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
