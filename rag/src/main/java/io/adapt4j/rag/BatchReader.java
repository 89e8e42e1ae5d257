package io.adapt4j.rag;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads and splits documents in a separate thread, into batches of some hundred chunks. */
final class BatchReader implements AutoCloseable {

  /** Batch size, enough to fill the encoder's batches with texts of similar length. */
  private static final int BATCH_CHUNKS = 512;

  private static final int WAITING_BATCHES = 2;

  private final BlockingQueue<Message> queue = new ArrayBlockingQueue<>(WAITING_BATCHES);
  private final Iterator<Document> documents;
  private final Function<Document, List<Chunk>> splitter;
  private final Thread thread;

  BatchReader(Iterator<Document> documents, Function<Document, List<Chunk>> splitter) {
    this.documents = documents;
    this.splitter = splitter;
    this.thread = new Thread(this::read, "rag-reader");
    thread.setDaemon(true);
    thread.start();
  }

  record Split(Document document, List<Chunk> chunks) {}

  /** A batch, where an empty one marks the end, or a failure. */
  private record Message(List<Split> batch, @Nullable Throwable failure) {}

  private void read() {
    try {
      List<Split> batch = new ArrayList<>();
      Set<String> ids = new HashSet<>();
      int chunks = 0;
      while (documents.hasNext()) {
        Document document = documents.next();
        boolean again = !ids.add(document.id());
        if (chunks >= BATCH_CHUNKS || again) {
          queue.put(new Message(batch, null));
          batch = new ArrayList<>();
          ids.clear();
          ids.add(document.id());
          chunks = 0;
        }
        List<Chunk> pieces = splitter.apply(document);
        batch.add(new Split(document, pieces));
        chunks += pieces.size();
      }
      if (!batch.isEmpty()) {
        queue.put(new Message(batch, null));
      }
      queue.put(new Message(List.of(), null));
    } catch (InterruptedException e) {
      // Closed: nobody waits for more batches.
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void fail(Throwable failure) {
    try {
      queue.put(new Message(List.of(), failure));
    } catch (InterruptedException e) {
      // Closed: nobody waits for more batches.
    }
  }

  /** Returns the next batch; an empty one at the end. */
  List<Split> next() {
    Message message;
    try {
      message = queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Adding documents was interrupted", e);
    }
    if (message.failure() instanceof Error failure) {
      throw failure;
    }
    if (message.failure() instanceof RuntimeException failure) {
      throw failure;
    }
    return message.batch();
  }

  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
