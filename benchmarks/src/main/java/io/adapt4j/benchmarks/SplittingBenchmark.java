package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.split.TokenCounter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** Speed of reading files and splitting them into chunks, compared with tokenizing them. */
@InSuite(
    quick = "--rounds 2 --warmup 1",
    full = "",
    needs = {
      "../shared/data/books",
      "../shared/data/wikitext2",
      "../shared/data/tokenizers/bert-base-uncased"
    })
public final class SplittingBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--data", "../shared/data/books,../shared/data/wikitext2",
          "--tokenizer", "../shared/data/tokenizers/bert-base-uncased",
          "--tokens", "256",
          "--rounds", "5",
          "--warmup", "2");

  private SplittingBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param line {@code --data} (folders, joined by commas), {@code --tokenizer} (a folder), {@code
   *     --tokens} per chunk, {@code --rounds}, {@code --warmup}
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    int tokens = arguments.number("--tokens", 16);
    int rounds = arguments.number("--rounds", 1);
    int warmup = arguments.number("--warmup", 0);
    String[] folders = arguments.text("--data").split(",", -1);
    Report report = new Report("Splitting");
    Machine.describe(report);
    List<Document> documents = read(folders);
    double megabytes = documents.stream().mapToLong(SplittingBenchmark::bytes).sum() / 1e6;
    report.line("texts", "%d of %.2f MB, chunks of %d tokens", documents.size(), megabytes, tokens);
    try (Tokenizer tokenizer = Tokenizer.load(Path.of(arguments.text("--tokenizer")))) {
      Measure measure = new Measure(documents, megabytes, warmup, rounds, report);
      measure.rate("reading", all -> read(folders).size());
      measure.rate("splitting, words", new Split(TokenCounter.words(), tokens));
      measure.rate("splitting, model", new Split(TokenCounter.of(tokenizer), tokens));
      measure.rate(
          "tokenizing chunks", new Tokenize(tokenizer, chunks(documents, tokenizer, tokens)));
    }
    report.print();
  }

  private static List<Document> read(String[] folders) {
    List<Document> documents = new ArrayList<>();
    for (String folder : folders) {
      Documents.in(Path.of(folder)).except("README.md").forEach(documents::add);
    }
    return documents;
  }

  private static long bytes(Document document) {
    return (Long) document.metadata().get("size");
  }

  private static List<Chunk> chunks(List<Document> documents, Tokenizer tokenizer, int tokens) {
    Splitter splitter =
        Splitter.builder().counter(TokenCounter.of(tokenizer)).maxTokens(tokens).build();
    return documents.stream().flatMap(document -> splitter.split(document).stream()).toList();
  }

  /** Splits all texts, with an empty word cache. */
  private record Split(TokenCounter counter, int tokens) implements ToLongFunction<List<Document>> {

    @Override
    public long applyAsLong(List<Document> documents) {
      Splitter splitter = Splitter.builder().counter(counter).maxTokens(tokens).build();
      return documents.stream().mapToLong(document -> splitter.split(document).size()).sum();
    }
  }

  /** Tokenizes the chunks, as an embedding model does first. */
  private record Tokenize(Tokenizer tokenizer, List<Chunk> chunks)
      implements ToLongFunction<List<Document>> {

    @Override
    public long applyAsLong(List<Document> documents) {
      return chunks.stream()
          .mapToLong(chunk -> tokenizer.encode(chunk.searchText(), true).length)
          .sum();
    }
  }

  private record Measure(
      List<Document> documents, double megabytes, int warmup, int rounds, Report report) {

    void rate(String name, ToLongFunction<List<Document>> work) {
      double[] seconds = new double[rounds];
      long result = 0;
      for (int round = -warmup; round < rounds; round++) {
        long begun = System.nanoTime();
        result = work.applyAsLong(documents);
        if (round >= 0) {
          seconds[round] = (System.nanoTime() - begun) / 1e9;
        }
      }
      Samples rates = Samples.of(seconds).map(value -> megabytes / value);
      report.figure(rates.errorOf(Measurement.larger(name, "MB/s", rates.median())));
      report.line("", "result %d in each of %d rounds", result, rounds);
    }
  }
}
