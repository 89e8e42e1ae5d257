package io.adapt4j.spark.internal.rows;

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
 * Work of a model that takes a row in a call, and runs the calls of many threads as one batch. The
 * longest rows begin, so that none runs alone in the end.
 */
public interface ConcurrentWork<T extends AutoCloseable> extends RowWork<T> {

  /** How often to ask whether the task goes on. */
  long POLL_MILLIS = 200;

  /** How many rows run at the same time. */
  int requests();

  /** How long a row is, to sort by. */
  int length(Row row);

  /** Computes a row, or throws where it cannot be computed. */
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
            work -> {
              Thread thread = new Thread(work, "adapt4j-rows");
              thread.setDaemon(true);
              return thread;
            });
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
      // What still runs when a row failed or the task was stopped.
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
        // Asks again whether the task goes on.
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
