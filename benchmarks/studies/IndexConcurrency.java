import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.retrieval.ClusteredVectors;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.index.PostgresIndex;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stress test of threads that search while one adds, replaces and deletes. Counts hits of documents
 * whose deletion had been acknowledged before the search; there must be none, and no errors.
 */
public final class IndexConcurrency {

  private static final int DIMENSION = 32;
  private static final int ALIVE = 200;

  private final SearchIndex index;
  private final ClusteredVectors vectors = new ClusteredVectors(DIMENSION, 20);
  private final Set<String> deleted = ConcurrentHashMap.newKeySet();
  private final AtomicLong questions = new AtomicLong();
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong stale = new AtomicLong();
  private final AtomicLong halves = new AtomicLong();
  private final int seconds;
  private long end;
  private final AtomicLong written = new AtomicLong();

  private IndexConcurrency(SearchIndex index, int seconds) {
    this.index = index;
    this.seconds = seconds;
  }

  /**
   * Runs the check, and exits with 1 if it fails. Options: {@code --seconds}, {@code --threads},
   * {@code --postgres} with a JDBC URL to check that index instead of the embedded one.
   */
  public static void main(String[] args) throws InterruptedException {
    Arguments arguments = Arguments.parse(args, "--seconds 60 --threads 8 --postgres");
    int seconds = arguments.number("--seconds", 1);
    boolean right;
    try (TemporaryFolder folder = TemporaryFolder.create();
        SearchIndex index = open(arguments.text("--postgres"), folder)) {
      right = new IndexConcurrency(index, seconds).run(arguments.number("--threads", 1));
    }
    System.exit(right ? 0 : 1);
  }

  private static SearchIndex open(String url, TemporaryFolder folder) {
    return url.isEmpty()
        ? LuceneIndex.builder(folder.path().resolve("index")).embeddings("c", DIMENSION).open()
        : PostgresIndex.builder(url, "", "")
            .schema("concurrency_" + ProcessHandle.current().pid())
            .embeddings("c", DIMENSION)
            .open();
  }

  private boolean run(int threads) throws InterruptedException {
    fill();
    end = System.nanoTime() + seconds * 1_000_000_000L;
    ExecutorService pool = Executors.newFixedThreadPool(threads + 1);
    List<Future<?>> tasks = new ArrayList<>();
    tasks.add(pool.submit(this::write));
    for (int i = 0; i < threads; i++) {
      int seed = i;
      tasks.add(pool.submit(() -> ask(seed)));
    }
    int errors = 0;
    for (Future<?> task : tasks) {
      try {
        task.get();
      } catch (ExecutionException e) {
        errors++;
        e.getCause().printStackTrace();
      }
    }
    pool.shutdown();
    Report report = new Report("Index concurrency, " + index.getClass().getSimpleName());
    report.line("questions", "%d from %d threads, %d hits", questions.get(), threads, hits.get());
    report.line("documents", "%d written, %d deleted", written.get(), deleted.size());
    report.keep(Measurement.larger("questions", "a second", (double) questions.get() / seconds));
    report.figure(none("stale hits", stale.intValue()));
    report.figure(none("half documents", halves.intValue()));
    report.figure(none("errors", errors));
    report.print();
    return errors == 0 && stale.get() == 0 && halves.get() == 0 && hits.get() > 0;
  }

  private static Measurement none(String name, double count) {
    return Measurement.smaller(name, "", count).plusMinus(0).target(0);
  }

  /** Fills the index, so that the first searches find something. */
  private void fill() {
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (long next = 0; next < ALIVE; next++) {
      entries.add(entry(next, 2));
    }
    index.putAll(entries);
  }

  /** Adds one document, replaces one, and deletes the oldest. */
  private void write() {
    for (long next = ALIVE; System.nanoTime() < end; next++) {
      index.putAll(List.of(entry(next, 2), entry(next - ALIVE / 2, 2 + (int) (next % 3))));
      written.addAndGet(2);
      String oldest = "d" + (next - ALIVE);
      index.delete(List.of(oldest));
      deleted.add(oldest);
    }
  }

  private SearchIndex.Entry entry(long number, int size) {
    String id = "d" + number;
    String line = "shared words of " + size;
    StringBuilder text = new StringBuilder();
    List<Chunk> chunks = new ArrayList<>();
    List<float[]> embedded = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Span span = new Span(text.length(), text.length() + line.length());
      chunks.add(new Chunk(id, i, span, span, "", line));
      embedded.add(vectors.vector(number * 8 + i));
      text.append(line).append('\n');
    }
    Document document = new Document(id, "", text.toString(), Map.of("size", size));
    return new SearchIndex.Entry(document, chunks, embedded);
  }

  private void ask(int seed) {
    for (long next = seed; System.nanoTime() < end; next += 1000) {
      Set<String> gone = Set.copyOf(deleted);
      Optional<float[]> vector = Optional.of(vectors.vector(-1 - next));
      for (Hit hit :
          index.search(
              new SearchQuery("shared words", vector, 20, Optional.empty(), Fusion.standard()))) {
        hits.incrementAndGet();
        if (gone.contains(hit.chunk().documentId())) {
          stale.incrementAndGet();
        }
        // Each version states its number of chunks in all its chunks and its metadata.
        if (!hit.chunk().text().endsWith(" " + hit.metadata().get("size"))) {
          halves.incrementAndGet();
        }
      }
      questions.incrementAndGet();
    }
  }
}
