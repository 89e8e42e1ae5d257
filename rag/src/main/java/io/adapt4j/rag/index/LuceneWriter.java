package io.adapt4j.rag.index;

import com.google.common.util.concurrent.Uninterruptibles;
import io.adapt4j.rag.spi.SearchIndex;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.Term;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one writer of an index, with its commits. */
final class LuceneWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LuceneWriter.class);

  private final LuceneOptions options;
  private final IndexWriter writer;
  private final @Nullable ScheduledExecutorService commits;
  private final Object commitLock = new Object();
  private final AtomicInteger uncommitted = new AtomicInteger();

  LuceneWriter(LuceneOptions options, IndexWriter writer) {
    this.options = options;
    this.writer = writer;
    this.commits = options.commit() instanceof CommitPolicy.Every every ? timer(every) : null;
  }

  @SuppressWarnings("FutureReturnValueIgnored")
  private ScheduledExecutorService timer(CommitPolicy.Every every) {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "adapt4j-index-commit");
              thread.setDaemon(true);
              return thread;
            });
    long nanos = every.interval().toNanos();
    // Never done and never failing: it is ended with the timer.
    Future<?> unused =
        timer.scheduleWithFixedDelay(this::commitInBackground, nanos, nanos, TimeUnit.NANOSECONDS);
    return timer;
  }

  /** A failure is told here, and by the writer again to whoever changes the index next. */
  private void commitInBackground() {
    try {
      commit();
    } catch (IOException | RuntimeException e) {
      LOG.error("index {}: changes could not be written to disk", options.folder(), e);
    }
  }

  void put(List<SearchIndex.Entry> entries) throws IOException {
    for (SearchIndex.Entry entry : entries) {
      writer.updateDocuments(
          new Term(LuceneFields.ID, entry.document().id()),
          LuceneFields.block(entry, options.dimension()));
    }
    commitBatch();
  }

  void delete(List<String> ids) throws IOException {
    writer.deleteDocuments(
        ids.stream().map(id -> new Term(LuceneFields.ID, id)).toArray(Term[]::new));
    commitBatch();
  }

  private void commitBatch() throws IOException {
    if (options.commit() instanceof CommitPolicy.EachBatch) {
      commit();
    } else {
      uncommitted.incrementAndGet();
    }
  }

  void commit() throws IOException {
    synchronized (commitLock) {
      int before = uncommitted.get();
      writer.commit();
      uncommitted.addAndGet(-before);
    }
  }

  void compact() throws IOException {
    writer.forceMerge(1);
    commit();
  }

  /** Whether it takes changes: a failure to write files ends that. */
  boolean isOpen() {
    return writer.isOpen();
  }

  /** What ended it; null if nothing did. */
  @Nullable Throwable failure() {
    return writer.getTragicException();
  }

  /** How many calls were acknowledged and not committed. */
  int lostChanges() {
    return uncommitted.get();
  }

  /** The same, for the one who tells of them. */
  int takeLostChanges() {
    return uncommitted.getAndSet(0);
  }

  @Override
  public void close() throws IOException {
    if (commits != null) {
      commits.shutdown();
      Uninterruptibles.awaitTerminationUninterruptibly(commits);
    }
    // Lucene refuses to close while a commit is under way.
    synchronized (commitLock) {
      if (writer.isOpen()) {
        writer.close();
        uncommitted.set(0);
      } else {
        // Waits for the thread that failed to let go of the folder.
        writer.rollback();
      }
    }
  }
}
