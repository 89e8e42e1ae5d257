package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
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
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Retrieval quality of the embedded index by human relevance judgments on CACM and Cranfield: with
 * words (BM25), MiniLM's vectors, both, and MiniLM tuned on the titles and abstracts of each
 * collection; also for passages that answer a question, on SQuAD.
 *
 * <p>Differences of nDCG@10 are compared query by query (paired bootstrap). Words and vectors are
 * fused by rank, with the paper's k = 60 and equal weights ({@link Fusion#standard}), and by score,
 * with the retriever's default weight: nothing was fitted to CACM or Cranfield.
 */
@InSuite(
    full = "--untuned",
    needs = {"../shared/data/cacm", "../shared/data/cranfield", "../shared/data/squad"})
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
