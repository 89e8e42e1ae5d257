package io.adapt4j.core.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.DataOrigin;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Processes the rows of a file into another. Rows are always computed in the same chunks, so that
 * an interrupted batch has the same results as an uninterrupted one: a partially stored chunk is
 * recomputed as a whole.
 */
final class RowBatch {

  private final FileDataset rows;
  private final Path output;
  private final String field;
  private final BatchListener listener;
  private final CancellationToken cancellation;
  private final boolean overwrite;

  /** Computes the results of rows, in order; of fewer if cancelled. */
  @FunctionalInterface
  interface Worker {
    List<ObjectNode> work(int[] rows);
  }

  RowBatch(
      DatasetReader reader,
      Path output,
      String field,
      BatchListener listener,
      CancellationToken cancellation,
      boolean overwrite) {
    this.rows = reader.map(row -> new Example.Text("row")).open();
    this.output = output;
    this.field = field;
    this.listener = listener;
    this.cancellation = cancellation;
    this.overwrite = overwrite;
  }

  /**
   * Returns the common part of everything that affects a batch's results; the caller adds the rest.
   */
  ObjectNode description(String kind, Optional<String> model) {
    ObjectNode description = JsonNodeFactory.instance.objectNode();
    description.put("kind", kind);
    model.ifPresent(identity -> description.put("model", identity));
    ArrayNode files = description.putArray("input");
    for (DataOrigin.Source source : rows.origin().sources()) {
      try {
        files
            .addObject()
            .put("rows", source.rows())
            .put("sha256", FileDigest.sha256(source.file()));
      } catch (IOException e) {
        throw new DatasetException(source.file() + ": reading failed: " + e.getMessage(), e);
      }
    }
    return description.put(PartFile.FIELD, field);
  }

  Row row(int row) {
    return rows.source(row).orElseThrow();
  }

  String locate(int row) {
    return rows.locate(row);
  }

  /** Returns the text of a row, by a template or else from the first present field. */
  String text(int row, Optional<PromptTemplate> template, String... fields) {
    Row source = row(row);
    try {
      if (template.isPresent()) {
        return template.get().render(name -> source.has(name) ? source.text(name) : "");
      }
      for (String name : fields) {
        if (source.has(name)) {
          return source.text(name);
        }
      }
    } catch (IllegalArgumentException e) {
      throw new DatasetException(locate(row) + ": " + e.getMessage(), e);
    }
    throw new DatasetException(
        "%s: expected one of the fields %s, found %s. Name the field in a template, such as {question}."
            .formatted(locate(row), List.of(fields), source.fields()));
  }

  BatchReport run(ObjectNode description, int chunk, int threads, Worker worker) {
    long start = System.nanoTime();
    requireFreeField();
    try (PartFile part = PartFile.open(output, description, rows.size(), overwrite)) {
      int kept = part.done();
      perform(part, part.missing(rows.size()), chunk, threads, worker);
      int done = part.done() - kept;
      if (part.done() == rows.size()) {
        part.finish(rows.size(), this::fields);
      }
      Duration duration = Duration.ofNanos(System.nanoTime() - start);
      return new BatchReport(output, rows.size(), kept, done, part.failed(), duration);
    }
  }

  private void requireFreeField() {
    if (rows.size() > 0 && row(0).fields().contains(field)) {
      throw new DatasetException(
          "%s: the rows have a field '%s' already. Name another field for the result."
              .formatted(locate(0), field));
    }
  }

  private ObjectNode fields(int row) {
    return (ObjectNode) Json.written(row(row).toString());
  }

  private void perform(PartFile part, int[] rows, int chunk, int threads, Worker worker) {
    BitSet missing = new BitSet();
    for (int row : rows) {
      missing.set(row);
    }
    int[] chunks = missing.stream().map(row -> row / chunk).distinct().toArray();
    AtomicInteger next = new AtomicInteger();
    CancellationToken failure = new CancellationToken();
    ExecutorService executor = Executors.newFixedThreadPool(threads, RowBatch::thread);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            executor.submit(
                () -> {
                  try {
                    work(part, missing, chunks, chunk, worker, next, failure);
                  } catch (RuntimeException | Error e) {
                    failure.cancel();
                    throw e;
                  }
                }));
      }
      await(running);
    } finally {
      executor.shutdownNow();
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "adapt4j-batch");
    thread.setDaemon(true);
    return thread;
  }

  private void work(
      PartFile part,
      BitSet missing,
      int[] chunks,
      int chunk,
      Worker worker,
      AtomicInteger next,
      CancellationToken failure) {
    while (!cancellation.isCancelled() && !failure.isCancelled()) {
      int place = next.getAndIncrement();
      if (place >= chunks.length) {
        return;
      }
      int first = chunks[place] * chunk;
      int[] chosen = IntStream.range(first, Math.min(first + chunk, rows.size())).toArray();
      List<ObjectNode> results = worker.work(chosen);
      for (int i = 0; i < results.size(); i++) {
        if (missing.get(chosen[i])) {
          part.store(chosen[i], results.get(i));
        }
      }
      tell(part);
    }
  }

  private synchronized void tell(PartFile part) {
    listener.stored(part.done(), rows.size());
  }

  /** Rethrows the first failure; the other threads stop after their current row. */
  private void await(List<Future<?>> running) {
    RuntimeException first = null;
    boolean interrupted = false;
    for (Future<?> future : running) {
      boolean ended = false;
      while (!ended) {
        try {
          future.get();
          ended = true;
        } catch (InterruptedException e) {
          interrupted = true;
          cancellation.cancel();
        } catch (ExecutionException e) {
          ended = true;
          if (e.getCause() instanceof Error error) {
            throw error;
          }
          first = first == null ? (RuntimeException) e.getCause() : first;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted; what was done is stored");
    }
    if (first != null) {
      throw first;
    }
  }
}
