package io.adapt4j.spark.internal.rows;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.spark.internal.model.TaskStop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;

/**
 * Row work of a model that takes one row per call and batches the calls of many threads. The
 * longest rows start first, so that none runs alone at the end.
 */
public interface ConcurrentWork<T extends AutoCloseable> extends RowWork<T> {

  /** Polling interval in milliseconds for whether the task continues. */
  long POLL_MILLIS = 200;

  /** Returns the number of concurrent rows. */
  int requests();

  /** Returns the length of a row, for sorting. */
  int length(Row row);

  /** Computes a row, or throws if it cannot be computed. */
  RowResult compute(T model, Row row, CancellationToken cancellation);

  @Override
  default List<RowResult> compute(T model, List<Row> rows, TaskStop stop) {
    int[] longestFirst =
        IntStream.range(0, rows.size())
            .boxed()
            .sorted(Comparator.comparingInt(row -> -length(rows.get(row))))
            .mapToInt(Integer::intValue)
            .toArray();
    CancellationToken cancellation = new CancellationToken();
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.min(requests(), rows.size()),
            new ThreadFactoryBuilder().setDaemon(true).setNameFormat("adapt4j-rows").build());
    try {
      List<Future<RowResult>> running = new ArrayList<>(rows.size());
      rows.forEach(row -> running.add(null));
      for (int row : longestFirst) {
        running.set(row, threads.submit(() -> resultOrError(model, rows.get(row), cancellation)));
      }
      List<RowResult> results = new ArrayList<>(rows.size());
      for (Future<RowResult> result : running) {
        results.add(awaited(result, stop));
      }
      return results;
    } finally {
      // Cancels what still runs after a row failed or the task was stopped.
      cancellation.cancel();
      threads.shutdownNow();
    }
  }

  private RowResult resultOrError(T model, Row row, CancellationToken cancellation) {
    try {
      return compute(model, row, cancellation);
    } catch (RuntimeException e) {
      if (RowErrors.isOfRow(e)) {
        return RowResult.failed(e);
      }
      throw e;
    }
  }

  private static RowResult awaited(Future<RowResult> result, TaskStop stop) {
    while (true) {
      stop.throwIfStopped();
      try {
        return result.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        // Checks again whether the task continues.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CompletionException(e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        if (e.getCause() instanceof Error cause) {
          throw cause;
        }
        throw new CompletionException(e.getCause());
      }
    }
  }
}
