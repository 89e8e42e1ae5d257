package io.adapt4j.rag;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.DocumentSource;
import io.adapt4j.rag.document.FileProblem;
import io.adapt4j.rag.document.ReadingReport;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchIndex.Entry;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads, splits, embeds and stores documents in a pipeline: one thread reads and splits the next
 * batch and another stores the previous one while this one embeds. At most a few batches are in
 * memory.
 */
record Ingestion(
    Function<Document, List<Chunk>> splitter, TextEmbeddings embeddings, SearchIndex index) {

  /** Runs the pipeline; throws the first failure of any stage. */
  IngestReport run(DocumentSource source) {
    try (DocumentReading documents = source.open()) {
      return run(documents, documents);
    }
  }

  /** Adds changed documents and deletes those missing from the source, if it can be read. */
  IngestReport sync(DocumentSource source, String prefix) {
    try (DocumentReading documents = source.open()) {
      ChangedDocuments changed = new ChangedDocuments(documents, index.contentHashes(), prefix);
      IngestReport report = run(changed, documents);
      List<String> vanished = changed.vanished(unreadable(report.reading()));
      requireDocuments(report.documents() + changed.unchanged(), vanished);
      if (!vanished.isEmpty()) {
        index.delete(vanished);
      }
      return report.synchronizedWith(changed.unchanged(), vanished);
    }
  }

  /** Adds changed documents and deletes nothing. */
  IngestReport update(DocumentSource source) {
    try (DocumentReading documents = source.open()) {
      ChangedDocuments changed = new ChangedDocuments(documents, index.contentHashes(), "");
      IngestReport report = run(changed, documents);
      return report.updatedWith(
          changed.unchanged(), changed.vanished(unreadable(report.reading())));
    }
  }

  /** Rejects an empty source: it may be an unmounted disk, or a pattern without matches. */
  private static void requireDocuments(int read, List<String> vanished) {
    if (read == 0 && !vanished.isEmpty()) {
      throw new IllegalStateException(
          "The source has no documents, and all %d of the index would be deleted, such as '%s';"
                  .formatted(vanished.size(), vanished.get(0))
              + " nothing was changed. Check the folder and its patterns, or delete(...) these"
              + " documents by their ids");
    }
  }

  private static Set<String> unreadable(ReadingReport reading) {
    return reading.failed().stream().map(FileProblem::id).collect(Collectors.toSet());
  }

  private IngestReport run(Iterator<Document> documents, DocumentReading reading) {
    long begun = System.nanoTime();
    int added = 0;
    int chunks = 0;
    try (BatchReader reader = new BatchReader(documents, splitter);
        BatchWriter writer = new BatchWriter(index)) {
      for (List<BatchReader.Split> batch = reader.next(); !batch.isEmpty(); batch = reader.next()) {
        writer.write(embedded(batch));
        added += batch.size();
        chunks += batch.stream().mapToInt(split -> split.chunks().size()).sum();
      }
      writer.finish();
    }
    Duration duration = Duration.ofNanos(System.nanoTime() - begun);
    return new IngestReport(added, chunks, duration, reading.report(), 0, List.of(), List.of());
  }

  private List<Entry> embedded(List<BatchReader.Split> batch) {
    List<String> texts =
        batch.stream().flatMap(split -> split.chunks().stream()).map(Chunk::searchText).toList();
    List<float[]> vectors = texts.isEmpty() ? List.of() : embeddings.passages(texts);
    List<Entry> entries = new ArrayList<>();
    int from = 0;
    for (BatchReader.Split split : batch) {
      int to = from + split.chunks().size();
      entries.add(
          new Entry(split.document(), split.chunks(), List.copyOf(vectors.subList(from, to))));
      from = to;
    }
    return entries;
  }
}
