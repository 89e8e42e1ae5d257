package io.adapt4j.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.split.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compares chunks per second from documents to a searchable index with those of the embedding model
 * alone, all-MiniLM-L6-v2, on the same chunks: books, encyclopedia articles and abstracts. In each
 * round, the model embeds the round's chunks as one list and the pipeline adds the round's
 * documents, in alternating order, so that other load on the machine affects both.
 */
@InSuite(
    quick = "--chunks 480 --rounds 6",
    full = "",
    needs = {"../shared/data/books", "../shared/data/wikitext2", "../shared/data/cacm"})
public final class IngestionBenchmark {

  private static final String OPTIONS = "--data ../shared/data --chunks 5000 --rounds 8";
  private static final double TARGET = 0.9;

  private final Path data;
  private final int chunks;
  private final int rounds;

  private IngestionBenchmark(Arguments arguments) {
    data = Path.of(arguments.text("--data"));
    chunks = arguments.number("--chunks", 1);
    rounds = arguments.number("--rounds", 1);
  }

  /**
   * Options: {@code --data}, the folder of books, wikitext2 and cacm; {@code --chunks}, the minimum
   * number; {@code --rounds}.
   */
  public static void main(String[] line) throws IOException {
    new IngestionBenchmark(Arguments.parse(line, OPTIONS)).run();
  }

  /** Documents added together, and the texts of their chunks. */
  private record Round(List<Document> documents, List<String> texts) {}

  private void run() throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create();
        LocalEmbeddings model = MiniLm.load();
        Rag rag = Rag.builder().index(folder.path()).embeddings(model).build()) {
      Splitter splitter =
          Splitter.builder()
              .counter(model::countTokens)
              .maxTokens(model.maxTokens().orElseThrow())
              .build();
      List<Round> dealt = deal(splitter);
      Round first = dealt.get(0);
      model.passages(first.texts().subList(0, Math.min(200, first.texts().size())));
      rag.add(first.documents().subList(0, 1));
      double[] alone = new double[rounds];
      double[] whole = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        Round round = dealt.get(i);
        if (i % 2 == 0) {
          alone[i] = Timing.seconds(() -> model.passages(round.texts()));
        }
        whole[i] = Timing.seconds(() -> rag.add(round.documents()));
        if (i % 2 == 1) {
          alone[i] = Timing.seconds(() -> model.passages(round.texts()));
        }
      }
      report(dealt, model, alone, whole);
    }
  }

  /** Divides documents into rounds with about as many chunks of each kind of text. */
  private List<Round> deal(Splitter splitter) throws IOException {
    List<Round> dealt = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      dealt.add(new Round(new ArrayList<>(), new ArrayList<>()));
    }
    int made = 0;
    int next = 0;
    for (Document document : Corpus.read(data)) {
      if (made >= chunks) {
        break;
      }
      Round round = dealt.get(next++ % rounds);
      List<String> texts = splitter.split(document).stream().map(Chunk::searchText).toList();
      round.documents().add(document);
      round.texts().addAll(texts);
      made += texts.size();
    }
    if (made < chunks) {
      throw new IllegalArgumentException(
          "--chunks: the data below " + data + " gives " + made + ", fewer than " + chunks);
    }
    return dealt;
  }

  private void report(List<Round> dealt, LocalEmbeddings model, double[] alone, double[] whole) {
    int count = dealt.stream().mapToInt(round -> round.texts().size()).sum();
    long tokens =
        dealt.stream().flatMap(round -> round.texts().stream()).mapToLong(model::countTokens).sum();
    Samples ratios =
        Samples.of(IntStream.range(0, rounds).mapToDouble(i -> alone[i] / whole[i]).toArray());
    double aloneSeconds = Arrays.stream(alone).sum();
    double wholeSeconds = Arrays.stream(whole).sum();
    Report report = new Report("Ingestion with all-MiniLM-L6-v2, fp32");
    report.line(
        "texts",
        "%d chunks of %d documents, %.0f tokens on average, %d rounds",
        count,
        dealt.stream().mapToInt(round -> round.documents().size()).sum(),
        (double) tokens / count,
        rounds);
    report.line("model alone", "%.1f chunks/s, %.1f s", count / aloneSeconds, aloneSeconds);
    report.line("ingestion", "%.1f chunks/s, %.1f s", count / wholeSeconds, wholeSeconds);
    report.keep(Measurement.larger("ingestion", "chunks/s", count / wholeSeconds));
    report.figure(
        ratios
            .errorOf(Measurement.largerRatio("of the model", aloneSeconds / wholeSeconds))
            .target(TARGET)
            .label("ingestion of documents, of the embedding model's own speed"));
    report.line(
        "",
        "rounds: median %.3f, from %.3f to %.3f",
        ratios.median(),
        ratios.least(),
        ratios.most());
    report.line("peak resident", "%.2f GB of the process", Machine.peakResident() / 1e9);
    report.print();
  }

  /** Real texts as documents: books and articles in stretches of a chapter's length, abstracts. */
  private static final class Corpus {

    private static final int STRETCH = 12_000;

    private Corpus() {}

    /** Returns all documents, in a fixed order that mixes the kinds. */
    static List<Document> read(Path data) throws IOException {
      List<Document> documents = new ArrayList<>();
      try (Stream<Path> books = Files.list(data.resolve("books"))) {
        List<Path> texts = books.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
        for (Path book : texts) {
          cut(book.getFileName().toString(), Files.readString(book), documents);
        }
      }
      String articles = Files.readString(data.resolve("wikitext2").resolve("wiki.valid.tokens"));
      cut("wikitext2", articles.replace("\n", "\n\n"), documents);
      abstracts(data.resolve("cacm").resolve("corpus.jsonl"), documents);
      Collections.shuffle(documents, new Random(1));
      return documents;
    }

    /** Splits at paragraphs, so that no document is a whole book. */
    private static void cut(String name, String text, List<Document> documents) {
      int from = 0;
      while (from < text.length()) {
        int end = text.indexOf("\n\n", Math.min(text.length(), from + STRETCH));
        int to = end < 0 ? text.length() : end;
        documents.add(Document.of(name + "/" + from, text.substring(from, to)));
        from = to;
      }
    }

    private static void abstracts(Path file, List<Document> documents) throws IOException {
      ObjectMapper json = new ObjectMapper();
      for (String line : Files.readAllLines(file)) {
        JsonNode node = json.readTree(line);
        documents.add(
            new Document(
                "cacm/" + node.path("_id").asText(node.path("id").asText()),
                node.path("title").asText(""),
                node.path("text").asText(""),
                Map.of()));
      }
    }
  }
}
