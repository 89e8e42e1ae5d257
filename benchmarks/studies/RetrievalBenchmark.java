import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.metric.Ranking;
import io.adapt4j.eval.metric.RetrievalScores;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.SearchBy;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.split.TokenCounter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Retrieval quality of the embedded index by human relevance judgments on CACM and Cranfield: with
 * words (BM25), MiniLM's vectors, both, and MiniLM tuned on the titles and abstracts of each
 * collection; also for passages that answer a question, on SQuAD.
 *
 * <p>With {@code refusals} as first argument it measures the default refusal instead, as {@link
 * RefusalBenchmark} describes.
 *
 * <p>Differences of nDCG@10 are compared query by query (paired bootstrap). Words and vectors are
 * fused by rank, with the paper's k = 60 and equal weights ({@link Fusion#standard}), and by score,
 * with the retriever's default weight: nothing was fitted to CACM or Cranfield.
 */
public final class RetrievalBenchmark {

  private static final String WORDS = "BM25";
  private static final Fusion BY_RANK = Fusion.standard();
  private static final Fusion BY_SCORE =
      new Fusion.WeightedScores(RetrievalOptions.DEFAULT_VECTOR_WEIGHT);

  /** Runs per model: vectors only, and fused with words by rank and by score. */
  private static final int RUNS_OF_MODEL = 3;

  private static final double SIGNIFICANT = 0.05;

  /** Variation between runs: the vector graph depends on the order in which threads insert. */
  private static final double REPEATED = 0.003;

  /** MAP in Anserini's regression on CACM, with BM25's k1 0.9 and b 0.4, to four digits. */
  private static final double CACM_MAP = 0.3123;

  private static final double CACM_PRECISION = 0.1942;
  private static final double ROUNDING = 5e-5;

  private static final String OPTIONS =
      "--data ../shared/data --sets cacm,cranfield,squad --models";

  private final Path data;
  private final String models;
  private final boolean tunes;
  private final Path work;

  private RetrievalBenchmark(Arguments arguments, Path work) {
    this.data = Path.of(arguments.text("--data"));
    this.models = arguments.text("--models");
    this.tunes = !arguments.has("--untuned");
    this.work = work;
  }

  /**
   * Options: {@code --data} with the folders of the sets, {@code --sets} to run, {@code --untuned}
   * to leave tuning out, {@code --models} for a folder where tuned models are kept and reused.
   */
  public static void main(String[] line) throws IOException {
    if (line.length > 0 && line[0].equals("refusals")) {
      RefusalBenchmark.main(Arrays.copyOfRange(line, 1, line.length));
      return;
    }
    Arguments arguments = Arguments.parse(line, OPTIONS, "--untuned");
    try (TemporaryFolder work = TemporaryFolder.create()) {
      RetrievalBenchmark benchmark = new RetrievalBenchmark(arguments, work.path());
      for (String set : arguments.text("--sets").split(",", -1)) {
        if (set.equals("squad")) {
          SquadRetrieval.run(benchmark.data.resolve("squad/xquad_en_a.json"), work.path());
        } else {
          benchmark.run(TestCollection.read(benchmark.data.resolve(set)));
        }
      }
    }
  }

  private void run(TestCollection collection) throws IOException {
    List<RankedRun> runs = new ArrayList<>();
    try (LocalEmbeddings embeddings = MiniLm.load()) {
      add(runs, collection, embeddings, "MiniLM");
    }
    if (tunes) {
      Path tuned = tuned(collection);
      try (LocalEmbeddings embeddings = LocalEmbeddings.load(ModelSource.path(tuned))) {
        add(runs, collection, embeddings, "tuned");
      }
    }
    report(collection, runs);
  }

  private Path tuned(TestCollection collection) throws IOException {
    Path output = (models.isEmpty() ? work : Path.of(models)).resolve("tuned-" + collection.name());
    Path model = output.resolve("last");
    return Files.isDirectory(model)
        ? model
        : TitleTuning.tune(MiniLm.folder(), collection, output).last();
  }

  private void add(
      List<RankedRun> runs, TestCollection collection, LocalEmbeddings embeddings, String name) {
    Path folder = work.resolve(collection.name() + "-" + name);
    try (CollectionIndex index = CollectionIndex.of(collection, embeddings, folder)) {
      if (runs.isEmpty()) {
        runs.add(RankedRun.of(WORDS, collection, index::words));
      }
      runs.add(RankedRun.of(name + " vectors", collection, index::vector));
      runs.add(RankedRun.of(name + ", ranks", collection, query -> index.hybrid(query, BY_RANK)));
      runs.add(RankedRun.of(name + ", scores", collection, query -> index.hybrid(query, BY_SCORE)));
    }
  }

  private static void report(TestCollection collection, List<RankedRun> runs) {
    Report report = new Report("Retrieval, " + collection.name());
    report.line("documents", "%d", collection.documents().size());
    report.line("queries", "%d with relevant documents", collection.queries().size());
    report.line("with BM25", "by ranks %s, by scores %s", BY_RANK, BY_SCORE);
    report.line("", "nDCG@10     MAP    P@30   recall@100");
    for (RankedRun run : runs) {
      report.line(
          run.name(),
          " %.4f  %.4f  %.4f  %.4f",
          run.ndcg(),
          run.map(),
          run.precision(),
          run.recall());
      report.keep(
          Measurement.larger(collection.name() + ", " + run.name(), "nDCG@10", run.ndcg())
              .plusMinus(REPEATED));
    }
    RankedRun words = runs.get(0);
    if (collection.name().equals("cacm")) {
      boolean same =
          Math.abs(words.map() - CACM_MAP) < ROUNDING
              && Math.abs(words.precision() - CACM_PRECISION) < ROUNDING;
      report.line(
          WORDS,
          "as Anserini's published run, MAP %.4f and P@30 %.4f %s",
          CACM_MAP,
          CACM_PRECISION,
          Report.verdict(same));
    }
    for (int vectors = 1; vectors < runs.size(); vectors += RUNS_OF_MODEL) {
      for (int hybrid = vectors + 1; hybrid < vectors + RUNS_OF_MODEL; hybrid++) {
        compare(report, runs.get(hybrid), words, runs.get(vectors));
      }
    }
    for (int run = 1 + RUNS_OF_MODEL; run < runs.size(); run++) {
      RankedRun before = runs.get(run - RUNS_OF_MODEL);
      report.line(
          runs.get(run).name(),
          "nDCG@10 %s than %s",
          words(runs.get(run).compare(before)),
          before.name());
    }
    report.print();
  }

  private static void compare(Report report, RankedRun hybrid, RankedRun... parts) {
    for (RankedRun part : parts) {
      report.line(hybrid.name(), "nDCG@10 %s than %s", words(hybrid.compare(part)), part.name());
    }
    RankedRun better =
        List.of(parts).stream().max(Comparator.comparingDouble(RankedRun::ndcg)).orElseThrow();
    Comparison comparison = hybrid.compare(better);
    boolean worse = comparison.difference().value() < 0 && comparison.pValue() < SIGNIFICANT;
    report.line("", "not significantly worse than its better part %s", Report.verdict(!worse));
  }

  private static String words(Comparison comparison) {
    return String.format(
        Locale.ROOT,
        "%+.4f [%+.4f, %+.4f], p = %.4f, %d better, %d worse",
        comparison.difference().value(),
        comparison.difference().low(),
        comparison.difference().high(),
        comparison.pValue(),
        comparison.wins(),
        comparison.losses());
  }

  /**
   * Fine-tunes an embedding model on a collection's own documents: each title has to match its
   * abstract. Neither queries nor judgments are used.
   */
  private static final class TitleTuning {

    static final int EPOCHS = 1;
    static final double RATE = 2e-5;
    static final int BATCH = 32;

    /** Maximum number of tokens of an abstract: its beginning states its subject. */
    static final int MAX_LENGTH = 128;

    private TitleTuning() {}

    /** Tunes on nine tenths of the pairs and returns the model's folder. */
    static FineTuneReport tune(Path base, TestCollection collection, Path output) {
      List<Example> pairs =
          collection.documents().stream()
              .filter(document -> !document.summary().isEmpty() && !document.title().isBlank())
              .<Example>map(item -> new Example.QueryPassage(item.title(), item.summary()))
              .toList();
      Dataset all = Datasets.of(pairs);
      return FineTuner.builder()
          .model(ModelSource.path(base))
          .task(Task.embeddings())
          .dataset(all.split(0.9, 0.1, 0, 42))
          .method(FullFineTuning.create())
          .precision(Precision.FP32)
          .epochs(EPOCHS)
          .batchSize(BATCH)
          .maxLength(MAX_LENGTH)
          .learningRate(RATE)
          .warmupRatio(0.1)
          .listener(TrainingListeners.console())
          .output(output)
          .overwriteOutput()
          .build()
          .run();
    }
  }

  /** A test collection in the embedded index, each document as one chunk. */
  private static final class CollectionIndex implements AutoCloseable {

    /** Maximum length of a ranking, as in published runs. */
    private static final int DEPTH = 1000;

    private final SearchIndex index;
    private final TextEmbeddings embeddings;

    private CollectionIndex(SearchIndex index, TextEmbeddings embeddings) {
      this.index = index;
      this.embeddings = embeddings;
    }

    /** Embeds and adds all documents. Words are those of the whole text. */
    static CollectionIndex of(TestCollection collection, TextEmbeddings embeddings, Path folder) {
      SearchIndex index =
          LuceneIndex.builder(folder)
              .bm25(0.9, 0.4)
              .embeddings(embeddings.identity(), embeddings.dimension())
              .open();
      List<float[]> vectors =
          embeddings.passages(
              collection.documents().stream().map(TestCollection.Item::readable).toList());
      List<SearchIndex.Entry> entries = new ArrayList<>();
      for (TestCollection.Item item : collection.documents()) {
        Document document = new Document(item.id(), item.title(), item.text(), Map.of());
        Span all = new Span(0, item.text().length());
        Chunk chunk = new Chunk(item.id(), 0, all, all, "", item.text());
        List<float[]> vector = List.of(vectors.get(entries.size()));
        entries.add(new SearchIndex.Entry(document, List.of(chunk), vector));
      }
      index.putAll(entries);
      return new CollectionIndex(index, embeddings);
    }

    List<String> words(String query) {
      return search(query, Optional.empty(), Fusion.standard());
    }

    List<String> vector(String query) {
      return search("", Optional.of(embeddings.query(query)), Fusion.standard());
    }

    List<String> hybrid(String query, Fusion fusion) {
      return search(query, Optional.of(embeddings.query(query)), fusion);
    }

    private List<String> search(String words, Optional<float[]> vector, Fusion fusion) {
      SearchQuery query = new SearchQuery(words, vector, DEPTH, Optional.empty(), fusion);
      return index.search(query).stream().map(Hit::chunk).map(Chunk::documentId).toList();
    }

    @Override
    public void close() {
      index.close();
    }
  }
}

/**
 * Documents, queries and relevance judgments, as in the folders {@code cacm} and {@code cranfield}.
 *
 * @param grades relevance by query and document; 0 for not relevant
 */
record TestCollection(
    String name,
    List<Item> documents,
    Map<String, String> queries,
    Map<String, Map<String, Integer>> grades) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Rows of CACM's citation table, which are not readable text. */
  private static final String CITATIONS = "(?m)^\\d+\\t\\d+\\t\\d+$\\n?";

  /** Minimum number of words of an abstract. */
  private static final int ABSTRACT_WORDS = 20;

  /** A document. */
  record Item(String id, String title, String text) {

    /** Returns the text for embedding, without the citation table. */
    String readable() {
      return text.replaceAll(CITATIONS, "").strip();
    }

    /** Returns the abstract after the title, up to CACM's date line; empty if it is too short. */
    String summary() {
      String rest = text.startsWith(title) ? text.substring(title.length()) : text;
      String summary = rest.replaceAll("(?ms)^CACM [A-Z][a-z]+, \\d{4}$.*", "").strip();
      return summary.split("\\s+", -1).length < ABSTRACT_WORDS ? "" : summary;
    }
  }

  static TestCollection read(Path folder) throws IOException {
    List<Item> documents = new ArrayList<>();
    for (JsonNode row : rows(folder.resolve("corpus.jsonl"))) {
      String text = row.get("text").asText();
      if (!text.isBlank()) {
        documents.add(new Item(row.get("_id").asText(), row.get("title").asText(), text));
      }
    }
    Map<String, Map<String, Integer>> grades = new TreeMap<>();
    List<String> judged = Files.readAllLines(folder.resolve("qrels.tsv"));
    for (String line : judged.subList(1, judged.size())) {
      String[] fields = line.split("\t", -1);
      grades
          .computeIfAbsent(fields[0], query -> new LinkedHashMap<>())
          .put(fields[1], Integer.parseInt(fields[2]));
    }
    grades.values().removeIf(ofQuery -> ofQuery.values().stream().noneMatch(grade -> grade > 0));
    Map<String, String> queries = new LinkedHashMap<>();
    for (JsonNode row : rows(folder.resolve("queries.jsonl"))) {
      if (grades.containsKey(row.get("_id").asText())) {
        queries.put(row.get("_id").asText(), row.get("text").asText());
      }
    }
    return new TestCollection(folder.getFileName().toString(), documents, queries, grades);
  }

  private static List<JsonNode> rows(Path file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }
}

/** Results of a search method on the queries of a collection. */
record RankedRun(String name, Map<String, RetrievalScores> perQuery) {

  private static final int[] CUTOFFS = {10, 30, 100};

  /** Runs the search for every query. */
  static RankedRun of(
      String name, TestCollection collection, Function<String, List<String>> search) {
    Map<String, RetrievalScores> perQuery = new LinkedHashMap<>();
    collection
        .queries()
        .forEach(
            (id, text) -> {
              perQuery.put(
                  id,
                  Metrics.retrieval(CUTOFFS)
                      .of(new Ranking(id, search.apply(text)), collection.grades().get(id)));
            });
    return new RankedRun(name, perQuery);
  }

  double ndcg() {
    return mean(retrievalScores -> retrievalScores.ndcg(10));
  }

  double map() {
    return mean(RetrievalScores::meanAveragePrecision);
  }

  double precision() {
    return mean(retrievalScores -> retrievalScores.precision(30));
  }

  double recall() {
    return mean(retrievalScores -> retrievalScores.recall(100));
  }

  private double mean(ToDoubleFunction<RetrievalScores> figure) {
    return perQuery.values().stream().mapToDouble(figure).average().orElseThrow();
  }

  /** Compares nDCG@10 query by query. */
  Comparison compare(RankedRun other) {
    return Bootstrap.DEFAULT.compare(ndcgs(), other.ndcgs());
  }

  private double[] ndcgs() {
    return perQuery.values().stream()
        .mapToDouble(retrievalScores -> retrievalScores.ndcg(10))
        .toArray();
  }
}

/**
 * Retrieval of SQuAD's questions over all its passages: whether the passage with the answer is
 * among the top five, and whether the citation contains the answer.
 */
final class SquadRetrieval {

  private static final int FIRST = 5;
  private static final double RECALL = 0.95;
  private static final double CITED = 0.90;

  /** Larger chunks hold most passages whole, smaller ones a few sentences. */
  private static final int[] CHUNK_TOKENS = {256, 128, 64};

  private SquadRetrieval() {}

  /**
   * Counts over all questions: passages found, and among these, answers within a cited span and
   * unverified citations.
   */
  private record Found(int questions, int found, int cited, int unverified) {}

  static void run(Path file, Path work) throws IOException {
    Squad squad = Squad.read(file);
    List<Document> passages = squad.passages();
    List<Squad.Question> questions = squad.questions();
    Report report = new Report("Retrieval, squad");
    report.line("passages", "%d", passages.size());
    report.line("questions", "%d", questions.size());
    try (LocalEmbeddings embeddings = MiniLm.load();
        Tokenizer tokenizer = Tokenizer.load(MiniLm.folder())) {
      for (int tokens : CHUNK_TOKENS) {
        Splitter splitter =
            Splitter.builder().counter(TokenCounter.of(tokenizer)).maxTokens(tokens).build();
        Path folder = work.resolve("squad-" + tokens);
        try (SearchIndex index = index(passages, splitter, embeddings, folder)) {
          report.line("chunks", "%d of at most %d tokens", index.chunkCount(), tokens);
          for (SearchBy by : SearchBy.values()) {
            line(report, tokens, by, ask(index, embeddings, by, questions));
          }
        }
      }
    }
    report.print();
  }

  private static SearchIndex index(
      List<Document> passages, Splitter splitter, LocalEmbeddings embeddings, Path folder) {
    SearchIndex index =
        LuceneIndex.builder(folder)
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open();
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (Document passage : passages) {
      List<Chunk> chunks = splitter.split(passage);
      List<String> texts = chunks.stream().map(Chunk::searchText).toList();
      entries.add(new SearchIndex.Entry(passage, chunks, embeddings.passages(texts)));
    }
    index.putAll(entries);
    return index;
  }

  private static Found ask(
      SearchIndex index, LocalEmbeddings embeddings, SearchBy by, List<Squad.Question> questions)
      throws IOException {
    RetrievalOptions options =
        RetrievalOptions.builder().searchBy(by).limit(FIRST).refuseOffSubject(false).build();
    int found = 0;
    int cited = 0;
    int unverified = 0;
    try (Rag rag = Rag.builder().index(index).embeddings(embeddings).retrieval(options).build()) {
      for (Squad.Question question : questions) {
        Answer answer = rag.ask(question.text());
        List<Citation> gold =
            answer.citations().stream()
                .filter(citation -> citation.documentId().equals(question.passage()))
                .toList();
        found += gold.isEmpty() ? 0 : 1;
        cited +=
            gold.stream().anyMatch(quoted -> quoted.span().contains(question.answer())) ? 1 : 0;
        unverified += (int) answer.citations().stream().filter(used -> !used.verified()).count();
      }
    }
    return new Found(questions.size(), found, cited, unverified);
  }

  private static void line(Report report, int tokens, SearchBy by, Found found) {
    double recall = (double) found.found() / found.questions();
    double cited = (double) found.cited() / found.found();
    boolean judged = by == SearchBy.BOTH;
    report.line(
        "  by " + by.name().toLowerCase(Locale.ROOT),
        "recall@%d %.4f%s, answer in what is cited %.4f%s, %d citations not verified",
        FIRST,
        recall,
        judged ? " (target: at least 0.95) " + Report.verdict(recall >= RECALL) : "",
        cited,
        judged ? " (target: at least 0.90) " + Report.verdict(cited >= CITED) : "",
        found.unverified());
    String name =
        "squad, chunks of " + tokens + " tokens, by " + by.name().toLowerCase(Locale.ROOT);
    report.keep(Measurement.larger(name + ": passage among the first " + FIRST, "", recall));
    report.keep(Measurement.larger(name + ": answer in what is cited", "", cited));
  }
}

/** Passages and questions of a file in SQuAD's format. */
record Squad(List<Document> passages, List<Question> questions) {

  /** A question with its passage and the position of its answer there. */
  record Question(String text, String passage, Span answer) {}

  static Squad read(Path file) throws IOException {
    List<Document> passages = new ArrayList<>();
    List<Question> questions = new ArrayList<>();
    for (JsonNode article : new ObjectMapper().readTree(Files.readString(file)).get("data")) {
      String title = article.get("title").asText();
      for (JsonNode paragraph : article.get("paragraphs")) {
        String id = title + "-" + passages.size();
        passages.add(new Document(id, title, paragraph.get("context").asText(), Map.of()));
        for (JsonNode question : paragraph.get("qas")) {
          JsonNode answer = question.get("answers").get(0);
          int start = answer.get("answer_start").asInt();
          Span span = new Span(start, start + answer.get("text").asText().length());
          questions.add(new Question(question.get("question").asText(), id, span));
        }
      }
    }
    return new Squad(passages, questions);
  }
}

/**
 * Error rates of the default refusal: the shares of answerable and of unanswerable questions that
 * are refused. The indexes are SQuAD, each half of SQuAD's articles with the other half's questions
 * as unanswerable ones of the same kind, Cranfield and CACM.
 */
final class RefusalBenchmark {

  private static final int FIRST = 5;
  private static final double WRONGLY_REFUSED = 0.005;
  private static final int SAMPLED = 400;
  private static final String OPTIONS =
      "--data ../shared/data --sets squad,halves,cranfield,cacm --vectors";

  private final TextEmbeddings embeddings;
  private final Path work;
  private final Map<String, Answerable> answerable = new LinkedHashMap<>();
  private final Map<String, List<String>> unanswerable = new LinkedHashMap<>();

  /** A question and the ids of the documents that answer it. */
  private record Question(String text, Set<String> documents) {}

  /** Documents and the questions that they answer. */
  private record Answerable(List<Document> documents, List<Question> questions) {

    List<String> texts() {
      return questions.stream().map(Question::text).toList();
    }
  }

  private RefusalBenchmark(Path data, TextEmbeddings embeddings, Path work) throws IOException {
    this.embeddings = embeddings;
    this.work = work;
    answerable.put("squad", squad(data.resolve("squad/xquad_en_a.json")));
    answerable.put("cranfield", judged(TestCollection.read(data.resolve("cranfield"))));
    answerable.put("cacm", judged(TestCollection.read(data.resolve("cacm"))));
    unanswerable.put("banking77", sample(data.resolve("banking77/train.csv")));
    unanswerable.put("clinc150", sample(data.resolve("clinc150/train.jsonl")));
    answerable.forEach((name, set) -> unanswerable.put(name, set.texts()));
  }

  /**
   * Options: {@code --data} with the folders of the sets, {@code --sets} to index, {@code
   * --vectors} for a folder to keep vectors in.
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    try (TemporaryFolder work = TemporaryFolder.create()) {
      String kept = arguments.text("--vectors");
      Path vectors = kept.isEmpty() ? work.path().resolve("vectors") : Path.of(kept);
      try (TextEmbeddings embeddings = CachedEmbeddings.in(MiniLm.load(), vectors)) {
        RefusalBenchmark benchmark =
            new RefusalBenchmark(Path.of(arguments.text("--data")), embeddings, work.path());
        for (String set : arguments.text("--sets").split(",", -1)) {
          benchmark.run(set);
        }
      }
    }
  }

  private static Answerable squad(Path file) throws IOException {
    Squad squad = Squad.read(file);
    return new Answerable(
        squad.passages(),
        squad.questions().stream()
            .map(question -> new Question(question.text(), Set.of(question.passage())))
            .toList());
  }

  private static Answerable judged(TestCollection collection) {
    List<Document> documents =
        collection.documents().stream()
            .map(item -> Document.of(item.id(), item.readable()))
            .toList();
    List<Question> questions = new ArrayList<>();
    collection
        .queries()
        .forEach(
            (id, text) -> {
              Set<String> relevant = new HashSet<>(collection.grades().get(id).keySet());
              relevant.removeIf(document -> collection.grades().get(id).get(document) == 0);
              questions.add(new Question(text, relevant));
            });
    return new Answerable(documents, questions);
  }

  private static List<String> sample(Path file) {
    Dataset all = Datasets.read(file).map(row -> new Example.Text(row.text("text"))).open();
    return IntStream.range(0, SAMPLED)
        .mapToObj(i -> ((Example.Text) all.get((int) ((long) i * all.size() / SAMPLED))).text())
        .toList();
  }

  private void run(String set) throws IOException {
    if (!set.equals("halves")) {
      measure(set, answerable.get(set), others(set));
      return;
    }
    for (int half = 0; half < 2; half++) {
      int kept = half;
      Answerable all = answerable.get("squad");
      List<String> articles = all.documents().stream().map(Document::title).distinct().toList();
      List<Document> documents =
          all.documents().stream()
              .filter(document -> articles.indexOf(document.title()) % 2 == kept)
              .toList();
      Set<String> ids = documents.stream().map(Document::id).collect(Collectors.toSet());
      Map<Boolean, List<Question>> questions =
          all.questions().stream()
              .collect(
                  Collectors.partitioningBy(question -> ids.containsAll(question.documents())));
      Map<String, List<String>> others = others("squad");
      others.put("squad, other half", questions.get(false).stream().map(Question::text).toList());
      measure("squad-half-" + half, new Answerable(documents, questions.get(true)), others);
    }
  }

  private Map<String, List<String>> others(String set) {
    Map<String, List<String>> others = new LinkedHashMap<>(unanswerable);
    others.remove(set);
    return others;
  }

  private void measure(String set, Answerable asked, Map<String, List<String>> others)
      throws IOException {
    Report report = new Report("Refusal, " + set);
    report.line("documents", "%d", asked.documents().size());
    RetrievalOptions never = RetrievalOptions.builder().refuseOffSubject(false).build();
    try (SearchIndex index =
            LuceneIndex.builder(work.resolve(set))
                .embeddings(embeddings.identity(), embeddings.dimension())
                .open();
        Rag refusing = Rag.builder().index(index).embeddings(embeddings).build();
        Rag plain = Rag.builder().index(index).embeddings(embeddings).retrieval(never).build()) {
      refusing.add(asked.documents());
      List<Question> questions = asked.questions();
      double wrong = refused(refusing, asked.texts());
      report.line(
          "its own",
          "refused %.4f of %d (target: at most %.3f) %s, found among the first %d %.4f, without"
              + " refusal %.4f",
          wrong,
          questions.size(),
          WRONGLY_REFUSED,
          Report.verdict(wrong <= WRONGLY_REFUSED),
          FIRST,
          found(refusing, questions),
          found(plain, questions));
      report.keep(
          Measurement.smaller(set + ": own questions refused", "", wrong).target(WRONGLY_REFUSED));
      for (Map.Entry<String, List<String>> other : others.entrySet()) {
        double right = refused(refusing, other.getValue());
        report.line(other.getKey(), "refused %.4f of %d", right, other.getValue().size());
        report.keep(Measurement.larger(set + ": " + other.getKey() + " refused", "", right));
      }
    }
    report.print();
  }

  private static double refused(Rag rag, List<String> questions) {
    return questions.stream().filter(question -> rag.search(question).passages().isEmpty()).count()
        / (double) questions.size();
  }

  private static double found(Rag rag, List<Question> questions) {
    return questions.stream()
            .filter(
                question ->
                    rag.search(question.text()).passages().stream()
                        .map(Passage::documentId)
                        .anyMatch(question.documents()::contains))
            .count()
        / (double) questions.size();
  }
}
