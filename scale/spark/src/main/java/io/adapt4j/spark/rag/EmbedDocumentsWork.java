package io.adapt4j.spark.rag;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.BulkWork;
import io.adapt4j.spark.internal.rows.RowResult;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.sql.Row;
import scala.collection.immutable.ArraySeq;

/**
 * Splits documents and embeds their chunks.
 *
 * @param maxTokens maximum number of tokens of a chunk; 0 for the default
 * @param overlap overlap of chunks in tokens; -1 for the default
 * @param parentTokens maximum number of tokens of a parent; 0 for none
 */
record EmbedDocumentsWork(DocumentRows reader, int maxTokens, int overlap, int parentTokens)
    implements BulkWork<LocalEmbeddings> {

  @Override
  public String type() {
    return "LocalEmbeddings";
  }

  @Override
  public LocalEmbeddings load(ModelSpec spec) {
    return LocalEmbeddings.builder(spec.source())
        .precision(spec.precision())
        .batchInvariant(true)
        .build();
  }

  @Override
  public boolean hasInput(Row row) {
    return reader.hasInput(row);
  }

  @Override
  public int columns() {
    return 1;
  }

  @Override
  public List<RowResult> computeAll(LocalEmbeddings embeddings, List<Row> rows) {
    Splitter splitter = splitter(embeddings);
    List<List<Chunk>> chunks = new ArrayList<>(rows.size());
    List<String> texts = new ArrayList<>();
    for (Row row : rows) {
      Document document = reader.document(row);
      List<Chunk> own = splitter.split(document);
      chunks.add(own);
      own.forEach(chunk -> texts.add(chunk.searchText()));
    }
    List<float[]> vectors = texts.isEmpty() ? List.of() : embeddings.passages(texts);
    List<RowResult> results = new ArrayList<>(rows.size());
    int next = 0;
    for (List<Chunk> own : chunks) {
      List<Row> stored = new ArrayList<>(own.size());
      long tokens = 0;
      for (Chunk chunk : own) {
        tokens += embeddings.countTokens(chunk.searchText());
        stored.add(ChunkRows.row(chunk, vectors.get(next++)));
      }
      results.add(RowResult.of(tokens, ArraySeq.unsafeWrapArray(stored.toArray())));
    }
    return results;
  }

  /** Returns the splitter, with the defaults of {@link io.adapt4j.rag.Rag}. */
  private Splitter splitter(LocalEmbeddings embeddings) {
    OptionalInt read = embeddings.maxTokens();
    int limit = maxTokens > 0 ? maxTokens : Splitter.DEFAULT_MAX_TOKENS;
    Splitter.Builder builder =
        Splitter.builder()
            .counter(embeddings::countTokens)
            .maxTokens(Math.min(limit, read.orElse(limit)));
    if (overlap >= 0) {
      builder.overlap(overlap);
    }
    if (parentTokens > 0) {
      builder.parentTokens(parentTokens);
    }
    return builder.build();
  }
}
