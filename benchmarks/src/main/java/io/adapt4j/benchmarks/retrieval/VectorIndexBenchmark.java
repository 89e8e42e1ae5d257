package io.adapt4j.benchmarks.retrieval;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Latencies;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Fills the embedded index with many vectors and queries it from one thread: recall at 10 and
 * latency, compared with an exact scan and LangChain4j's in-memory store.
 */
@InSuite(quick = "--vectors 10000 --clusters 100 --questions 500 --langchain 0", full = "")
public final class VectorIndexBenchmark {

  private static final int NEAREST = 10;
  private static final int CHUNKS = 100;
  private static final int BATCH = 20;

  /** Variation of recall between runs: the graph depends on the order in which threads insert. */
  private static final double RECALL_REPEATED = 0.01;

  private final Arguments arguments;
  private final ClusteredVectors vectors;
  private final int count;
  private final int dimension;
  private final List<float[]> questions;
  private final Report report;

  private VectorIndexBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.count = arguments.number("--vectors", CHUNKS);
    this.dimension = arguments.number("--dimension", 2);
    this.vectors = new ClusteredVectors(dimension, arguments.number("--clusters", 1));
    this.questions =
        LongStream.rangeClosed(1, arguments.number("--questions", 1))
            .mapToObj(number -> vectors.vector(-number))
            .toList();
    this.report = new Report("Vector index");
  }

  /**
   * Options: {@code --vectors}, {@code --dimension}, {@code --clusters}, {@code --questions},
   * {@code --quantization} (NONE, INT7 or INT4), {@code --links}, {@code --build-beam}, {@code
   * --beam}, {@code --buffer} in megabytes, {@code --langchain} vectors in LangChain4j's store, 0
   * for none.
   */
  public static void main(String[] args) throws IOException {
    String options =
        "--vectors 100000 --dimension 384 --clusters 1000 --questions 1000 --quantization INT7"
            + " --links 16 --build-beam 100 --beam 100 --buffer 1900 --langchain 50000";
    new VectorIndexBenchmark(Arguments.parse(args, options)).run();
  }

  private void run() throws IOException {
    report.line("vectors", "%d of %d entries", count, dimension);
    try (TemporaryFolder folder = TemporaryFolder.create();
        LuceneIndex index = open(folder.path().resolve("index"))) {
      long begun = System.nanoTime();
      fill(index);
      double added = Timing.since(begun);
      index.compact();
      double done = Timing.since(begun);
      report.line("adding", "%.0f vectors a second (%.0f s)", count / added, added);
      report.line("with compacting", "%.0f vectors a second (%.0f s)", count / done, done);
      report.keep(Measurement.larger("adding, with compacting", "vectors/s", count / done));
      report.line("on disk", "%.0f MB", megabytes(size(folder.path())));
      progress("indexed");
      measure(index);
    }
    compareWithLangChain();
    report.line("peak resident", "%.0f MB", megabytes(Machine.peakResident()));
    report.print();
  }

  private static void progress(String step) {
    System.err.println(step);
  }

  private LuceneIndex open(Path folder) {
    String quantization = arguments.oneOf("--quantization", Set.of("NONE", "INT7", "INT4"));
    int links = arguments.number("--links", 2);
    int buildBeam = arguments.number("--build-beam", 1);
    int beam = arguments.number("--beam", 1);
    report.line("graph", "%s, %d links, beams %d and %d", quantization, links, buildBeam, beam);
    LuceneIndex.Builder index =
        LuceneIndex.builder(folder)
            .embeddings("synthetic", dimension)
            .graph(links, buildBeam)
            .searchBeam(beam)
            .buffer(arguments.number("--buffer", 1))
            .commitOnClose();
    return switch (quantization) {
      case "INT7" -> index.quantized(7).open();
      case "INT4" -> index.quantized(4).open();
      default -> index.open();
    };
  }

  /** Adds documents of chunks in large batches, as an application does. */
  private void fill(LuceneIndex index) {
    List<SearchIndex.Entry> batch = new ArrayList<>();
    int documents = count / CHUNKS;
    for (int document = 0; document < documents; document++) {
      batch.add(entry(document));
      if (batch.size() == documents / BATCH + 1 || document == documents - 1) {
        index.putAll(batch);
        batch.clear();
      }
    }
  }

  private SearchIndex.Entry entry(int document) {
    StringBuilder text = new StringBuilder();
    String id = "d" + document;
    List<Chunk> chunks = new ArrayList<>();
    List<float[]> embedded = new ArrayList<>();
    for (int i = 0; i < CHUNKS; i++) {
      String words = "vector " + (document * CHUNKS + i);
      Span span = new Span(text.length(), text.length() + words.length());
      chunks.add(new Chunk(id, i, span, span, "", words));
      embedded.add(vectors.vector((long) document * CHUNKS + i));
      text.append(words).append('\n');
    }
    return new SearchIndex.Entry(Document.of(id, text.toString()), chunks, embedded);
  }

  private void measure(LuceneIndex index) {
    ExactScan scan = new ExactScan(questions, NEAREST);
    scan.run(vectors, count / CHUNKS * CHUNKS);
    progress("scanned");
    questions.forEach(question -> index.search(query(question)));
    Latencies latencies = new Latencies();
    AtomicLong found = new AtomicLong();
    for (int i = 0; i < questions.size(); i++) {
      SearchQuery query = query(questions.get(i));
      Set<Long> truth = scan.nearest(i);
      latencies.time(
          () ->
              found.addAndGet(
                  index.search(query).stream().filter(hit -> truth.contains(number(hit))).count()));
    }
    report.figure(
        Measurement.larger("recall@10", "", found.doubleValue() / NEAREST / questions.size())
            .plusMinus(RECALL_REPEATED)
            .target(0.95)
            .label("vector search, " + count + " vectors: recall of the nearest 10"));
    report.line("search", "%s", latencies);
    report.keep(
        Measurement.smaller("median time of a question", "ms", latencies.percentile(0.5))
            .label("vector search, " + count + " vectors: a question"));
    report.atMost("p99", latencies.percentile(0.99), 20, "ms");
    report.line("exact scan", "%.1f ms a question", scan.millisecondsPerQuestion());
  }

  private static SearchQuery query(float[] question) {
    return new SearchQuery("", Optional.of(question), NEAREST, Optional.empty(), Fusion.standard());
  }

  private static long number(Hit hit) {
    return Long.parseLong(hit.chunk().documentId().substring(1)) * CHUNKS + hit.chunk().number();
  }

  private void compareWithLangChain() {
    int some = arguments.number("--langchain", 0);
    if (some == 0) {
      return;
    }
    LangChainStore store = new LangChainStore();
    store.fill(vectors, some);
    List<float[]> asked = questions.subList(0, Math.min(100, questions.size()));
    store.search(asked);
    report.line("LangChain4j", "%d vectors in memory: %s", some, store.search(asked));
  }

  private static double megabytes(long bytes) {
    return bytes / 1e6;
  }

  private static long size(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  /** Exact nearest neighbors: every query against every vector. */
  private static final class ExactScan {

    private static final int BLOCK = 10_000;

    private record Near(long number, float cosine) {}

    private final List<float[]> questions;
    private final int nearest;
    private final List<PriorityQueue<Near>> best = new ArrayList<>();
    private long nanos;

    ExactScan(List<float[]> questions, int nearest) {
      this.questions = questions;
      this.nearest = nearest;
      questions.forEach(
          question -> best.add(new PriorityQueue<>(Comparator.comparingDouble(Near::cosine))));
    }

    /**
     * Runs the scan, generating vectors block by block, so that they need not fit into memory; only
     * scanning is timed.
     */
    void run(ClusteredVectors vectors, int count) {
      float[][] block = new float[Math.min(BLOCK, count)][];
      for (int start = 0; start < count; start += BLOCK) {
        int size = Math.min(BLOCK, count - start);
        for (int i = 0; i < size; i++) {
          block[i] = vectors.vector(start + i);
        }
        long begun = System.nanoTime();
        for (int q = 0; q < questions.size(); q++) {
          scan(questions.get(q), block, size, start, best.get(q));
        }
        nanos += System.nanoTime() - begun;
      }
    }

    private void scan(
        float[] question, float[][] block, int size, int start, PriorityQueue<Near> heap) {
      for (int i = 0; i < size; i++) {
        float cosine = dot(question, block[i]);
        if (heap.size() < nearest) {
          heap.add(new Near(start + i, cosine));
        } else if (cosine > heap.peek().cosine()) {
          heap.poll();
          heap.add(new Near(start + i, cosine));
        }
      }
    }

    /** Returns the inner product in eight parallel sums, which the compiler vectorizes. */
    private static float dot(float[] a, float[] b) {
      float[] sums = new float[8];
      int i = 0;
      for (; i + 8 <= a.length; i += 8) {
        for (int j = 0; j < 8; j++) {
          sums[j] = Math.fma(a[i + j], b[i + j], sums[j]);
        }
      }
      float sum = 0;
      for (; i < a.length; i++) {
        sum = Math.fma(a[i], b[i], sum);
      }
      for (float value : sums) {
        sum += value;
      }
      return sum;
    }

    Set<Long> nearest(int question) {
      Set<Long> numbers = new HashSet<>();
      best.get(question).forEach(near -> numbers.add(near.number()));
      return numbers;
    }

    double millisecondsPerQuestion() {
      return nanos / 1e6 / questions.size();
    }
  }

  /** LangChain4j's in-memory store with the same vectors, for comparison. */
  private static final class LangChainStore {

    private static final int NEAREST = 10;

    private final InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();

    void fill(ClusteredVectors vectors, int count) {
      for (int i = 0; i < count; i++) {
        store.add(Embedding.from(vectors.vector(i)), TextSegment.from("vector " + i));
      }
    }

    Latencies search(List<float[]> questions) {
      Latencies latencies = new Latencies();
      for (float[] question : questions) {
        EmbeddingSearchRequest request =
            EmbeddingSearchRequest.builder()
                .queryEmbedding(Embedding.from(question))
                .maxResults(NEAREST)
                .build();
        latencies.time(() -> store.search(request));
      }
      return latencies;
    }
  }
}
