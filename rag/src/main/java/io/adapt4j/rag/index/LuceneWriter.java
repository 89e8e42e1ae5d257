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

/** The single writer of an index, which also commits. */
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
    // Never completes or fails: it ends with the timer.
    Future<?> unused =
        timer.scheduleWithFixedDelay(this::commitInBackground, nanos, nanos, TimeUnit.NANOSECONDS);
    return timer;
  }

  /** Logs a failure, which the writer also reports to the next change. */
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

  /** Returns whether it accepts changes; a failed write closes it. */
  boolean isOpen() {
    return writer.isOpen();
  }

  /** Returns the failure that closed it, or null. */
  @Nullable Throwable failure() {
    return writer.getTragicException();
  }

  /** Returns the number of calls acknowledged but not committed. */
  int lostChanges() {
    return uncommitted.get();
  }

  /** Returns and resets the number of lost changes, for the caller that reports them. */
  int takeLostChanges() {
    return uncommitted.getAndSet(0);
  }

  @Override
  public void close() throws IOException {
    if (commits != null) {
      commits.shutdown();
      Uninterruptibles.awaitTerminationUninterruptibly(commits);
    }
    // Lucene cannot close during a commit.
    synchronized (commitLock) {
      if (writer.isOpen()) {
        writer.close();
        uncommitted.set(0);
      } else {
        // Waits until the failed thread releases the folder.
        writer.rollback();
      }
    }
  }
}
