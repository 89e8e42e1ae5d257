package io.adapt4j.rag;

import com.google.common.util.concurrent.Uninterruptibles;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchIndex.Entry;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Stores batches in a separate thread, one at a time. */
final class BatchWriter implements AutoCloseable {

  private final SearchIndex index;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "rag-writer");
            made.setDaemon(true);
            return made;
          });
  private @Nullable Future<?> last;

  BatchWriter(SearchIndex index) {
    this.index = index;
  }

  /** Queues a batch; throws the failure of storing an earlier one. */
  void write(List<Entry> entries) {
    finish();
    last = thread.submit(() -> index.putAll(entries));
  }

  /** Waits for the batch in progress. */
  void finish() {
    if (last == null) {
      return;
    }
    try {
      last.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Adding documents was interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    }
  }

  /**
   * Waits for the batch in progress, even if the caller was interrupted, since it may close the
   * index next. Its failure was thrown by write or finish before, or is secondary.
   */
  @Override
  public void close() {
    thread.shutdown();
    Uninterruptibles.awaitTerminationUninterruptibly(thread);
  }
}
