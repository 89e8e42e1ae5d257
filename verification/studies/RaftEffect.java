import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RagBuilder;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.tune.Raft;
import io.adapt4j.rag.tune.RaftQuestion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Measures what RAFT gains on questions about documents that were not trained on: a small model
 * answers as is, tuned on questions and answers alone, and trained on rows of RAFT, with retrieved
 * passages and without, over seeds that draw the facts, what is trained on, its order and the
 * distractors. Prints the share of exact answers and of answers that name only the right animals,
 * with their 95 % intervals over seeds, and what each way gains over the one before retrieval or
 * tuning. Two learning rates are tried for each tuned way, and chosen on other facts.
 *
 * <p>{@code java @verification/target/java.args verification/studies/RaftEffect.java [SEEDS]}: run
 * it from the root of the repository.
 */
public final class RaftEffect {

  /** Quantiles of Student's t distribution at 97.5 % for 1, 2, ... degrees of freedom. */
  private static final double[] T = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306};

  private RaftEffect() {}

  /**
   * Runs the study.
   *
   * @param args the number of seeds, 3 by default
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 3;
    Map<String, Double> rates = RaftRuns.choose();
    System.out.println("rates: " + rates);
    Map<String, List<RaftScore>> results = new LinkedHashMap<>();
    for (int seed = 1; seed <= seeds; seed++) {
      try (RaftRuns runs = new RaftRuns(seed)) {
        for (String way : RaftRuns.WAYS) {
          RaftScore score = runs.measure(way, rates.getOrDefault(way, 0.0));
          System.out.println("seed " + seed + ", " + way + ": " + score);
          results.computeIfAbsent(way, key -> new ArrayList<>()).add(score);
        }
      }
    }
    System.out.println("\n| way | exact | right animals |\n| --- | --- | --- |");
    results.forEach((way, scores) -> print(way, scores, null));
    for (String[] pair : RaftRuns.COMPARED) {
      print(pair[0] + " over " + pair[1], results.get(pair[0]), results.get(pair[1]));
    }
  }

  private static void print(String name, List<RaftScore> scores, List<RaftScore> plain) {
    List<Double> exact = new ArrayList<>();
    List<Double> right = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      exact.add(scores.get(i).exact() - (plain == null ? 0 : plain.get(i).exact()));
      right.add(scores.get(i).right() - (plain == null ? 0 : plain.get(i).right()));
    }
    System.out.printf("| %s | %s | %s |%n", name, interval(exact), interval(right));
  }

  private static String interval(List<Double> values) {
    double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    int freedom = values.size() - 1;
    if (freedom < 1 || freedom > T.length) {
      return String.format(Locale.ROOT, "%.3f", mean);
    }
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    double half = T[freedom - 1] * Math.sqrt(squares / freedom / values.size());
    return String.format(Locale.ROOT, "%.3f±%.3f", mean, half);
  }
}

/** Share of answers that are exact, and of those that name the right animals and no others. */
record RaftScore(double exact, double right) {}

/** The compared ways, on facts about invented villages that a seed draws. */
final class RaftRuns implements AutoCloseable {

  private static final String BASE = "base";
  private static final String BASE_RAG = "base, RAG";
  private static final String TUNED = "tuned";
  private static final String TUNED_RAG = "tuned, RAG";
  private static final String RAFT_RAG = "RAFT, RAG";

  static final List<String> WAYS = List.of(BASE, BASE_RAG, TUNED, TUNED_RAG, RAFT_RAG);

  static final String[][] COMPARED = {
    {BASE_RAG, BASE}, {TUNED, BASE}, {RAFT_RAG, BASE_RAG}, {RAFT_RAG, TUNED}, {RAFT_RAG, TUNED_RAG}
  };

  private static final List<Double> RATES = List.of(1e-3, 3e-3);
  private static final int CHOOSING = 0;
  private static final int KNOWN = 60;
  private static final int PASSAGES = 2;
  private static final int EPOCHS = 10;

  private static final List<String> FIRST =
      List.of(("Bel Tom Lil Sam Max Ben Tim Sue Kit Bob Dan Ann Ned Pip Roy Joe").split(" "));

  private static final List<String> LAST =
      List.of("by ton land wood field hill well town ford dale".split(" "));

  private static final List<String> ANIMALS =
      List.of("goats ducks bees cats pigs sheep birds cows".split(" "));

  private final int seed;
  private final Path output = Path.of("runs/raft-effect");
  private final ModelSource base = ModelSource.path(Path.of("examples/models/stories260K"));
  private final AnswerOptions answering;
  private final GenerationOptions options =
      GenerationOptions.greedy().toBuilder().maxNewTokens(24).build();
  private final RetrievalOptions retrieval =
      RetrievalOptions.builder().limit(PASSAGES).refuseOffSubject(false).build();
  private final List<RaftQuestion> questions = new ArrayList<>();
  private final TextEmbeddings embeddings = MiniLm.load();
  private final LanguageModel plain;
  private final Rag rag;

  RaftRuns(int seed) throws IOException {
    this.seed = seed;
    answering = AnswerOptions.builder().generation(options).build();
    plain = load(base);
    Random random = new Random(seed);
    List<Document> documents = new ArrayList<>();
    for (String first : FIRST) {
      for (String last : LAST) {
        String name = first + last;
        String fact = "keep " + ANIMALS.get(random.nextInt(ANIMALS.size()));
        documents.add(Document.of(name, "The people of %s %s.".formatted(name, fact)));
        questions.add(
            new RaftQuestion(
                "What do the people of %s keep?".formatted(name),
                "They %s.".formatted(fact),
                name,
                fact));
      }
    }
    Collections.shuffle(questions, random);
    rag = builder().index(output.resolve("index-" + seed)).generator(plain).build();
    rag.sync(Documents.of(documents));
  }

  /** Returns the better learning rate of each tuned way, for facts that do not count. */
  static Map<String, Double> choose() throws IOException {
    Map<String, Double> rates = new LinkedHashMap<>();
    try (RaftRuns runs = new RaftRuns(CHOOSING)) {
      for (String way : List.of(TUNED, TUNED_RAG, RAFT_RAG)) {
        double best = -1;
        for (double rate : RATES) {
          RaftScore score = runs.measure(way, rate);
          System.out.println("to choose, " + way + ", rate " + rate + ": " + score);
          if (score.exact() > best) {
            best = score.exact();
            rates.put(way, rate);
          }
        }
      }
    }
    return rates;
  }

  RaftScore measure(String way, double rate) throws IOException {
    return switch (way) {
      case BASE -> score(question -> chat(plain, question));
      case BASE_RAG -> score(question -> rag.ask(question).text());
      case TUNED, TUNED_RAG -> trained(pairs(), rate, way.equals(TUNED_RAG));
      default ->
          trained(
              Raft.in(index(), embeddings)
                  .retrieval(retrieval)
                  .answering(answering)
                  .budget(plain)
                  .distractors(PASSAGES - 1)
                  .seed(seed)
                  .rows(known())
                  .dataset(),
              rate,
              true);
    };
  }

  private RaftScore trained(Dataset rows, double rate, boolean reads) throws IOException {
    Path trained =
        FineTuner.builder()
            .model(base)
            .dataset(rows)
            .chatTemplate(plain.chatTemplate())
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(EPOCHS)
            .batchSize(8)
            .learningRate(rate)
            .maxLength(512)
            .saveLimit(0)
            .seed(seed)
            .output(output.resolve("trained"))
            .overwriteOutput()
            .build()
            .run()
            .last();
    try (LanguageModel model = load(ModelSource.path(trained));
        Rag reading = builder().index(index()).generator(model).build()) {
      return score(question -> reads ? reading.ask(question).text() : chat(model, question));
    }
  }

  private SearchIndex index() {
    return rag.index();
  }

  private RagBuilder builder() {
    return Rag.builder().embeddings(embeddings).retrieval(retrieval).answering(answering);
  }

  private List<RaftQuestion> known() {
    return questions.subList(0, KNOWN);
  }

  private Dataset pairs() {
    return Datasets.of(
        known().stream()
            .map(
                row ->
                    new Example.Chat(
                        List.of(
                            ChatMessage.user(row.question()), ChatMessage.assistant(row.answer()))))
            .toList());
  }

  /** Scores answers to the questions that were not trained on. */
  private RaftScore score(UnaryOperator<String> answerer) {
    int exact = 0;
    int right = 0;
    List<RaftQuestion> exam = questions.subList(KNOWN, questions.size());
    for (RaftQuestion row : exam) {
      List<String> said = words(answerer.apply(row.question()));
      List<String> wanted = words(row.answer());
      exact += said.equals(wanted) ? 1 : 0;
      List<String> named = said.stream().filter(ANIMALS::contains).distinct().toList();
      right += named.equals(wanted.stream().filter(ANIMALS::contains).toList()) ? 1 : 0;
    }
    return new RaftScore(exact / (double) exam.size(), right / (double) exam.size());
  }

  /** Returns the words of an answer in lower case, without citations. */
  private static List<String> words(String answer) {
    String text = answer.replaceAll("\\[\\d+]", " ").toLowerCase(Locale.ROOT);
    return List.of(text.replaceAll("[^a-z]+", " ").strip().split(" "));
  }

  private String chat(LanguageModel model, String question) {
    return model.chat(List.of(ChatMessage.user(question)), options);
  }

  /** Loads a model; the shortest chat template leaves most of its short context. */
  private static LanguageModel load(ModelSource source) {
    LanguageModel model = LanguageModel.load(source, Precision.FP32);
    model.useChatTemplate(
        ChatTemplate.of(
            "{% for message in messages %}{{ message.content }}"
                + "{{ '</s>' if message.role == 'assistant' else '\n' }}{% endfor %}",
            Map.of()));
    return model;
  }

  @Override
  public void close() {
    rag.close();
    plain.close();
    embeddings.close();
  }
}
