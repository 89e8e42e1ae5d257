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

/** Stores batches in its own thread, one at a time: the next waits until the last is done. */
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

  /** Throws what storing an earlier batch threw. */
  void write(List<Entry> entries) {
    finish();
    last = thread.submit(() -> index.putAll(entries));
  }

  /** Waits for what is under way. */
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
   * Lets what is under way end, even for a caller that was interrupted and may close the index
   * next. What it throws was thrown by write or finish before, or is beside what is thrown now.
   */
  @Override
  public void close() {
    thread.shutdown();
    Uninterruptibles.awaitTerminationUninterruptibly(thread);
  }
}
