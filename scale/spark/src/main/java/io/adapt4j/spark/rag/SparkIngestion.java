package io.adapt4j.spark.rag;

import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchIndex.Entry;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.Counters;
import io.adapt4j.spark.internal.rows.PartitionTask;
import io.adapt4j.spark.internal.rows.RowOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Builds an index of documents in a DataFrame: executors split and embed ({@link #embed}); then one
 * process stores ({@link #store}) in a Lucene index, or the executors store ({@link
 * #storeOnExecutors}) in a database. With the same options, the index equals the one that {@link
 * io.adapt4j.rag.Rag} builds from the same documents.
 *
 * <pre>{@code
 * SparkIngestion ingestion = SparkIngestion.with("/models/all-MiniLM-L6-v2");
 * Dataset<Row> embedded = ingestion.embed(pages).persist();
 * try (LocalEmbeddings model = LocalEmbeddings.load(ModelSource.path(Path.of("/models/...")));
 *     LuceneIndex index =
 *         LuceneIndex.builder(folder).embeddings(model.identity(), model.dimension()).open()) {
 *   ingestion.store(embedded, index);
 * }
 * }</pre>
 *
 * <p>The DataFrame of documents has the columns {@code id} and {@code text}, and may have {@code
 * title}; {@link #metadata} adds more. Immutable.
 */
public final class SparkIngestion {

  private static final String CHUNKS = "chunks";
  private static final String ERROR = "error";
  private static final int WINDOW = 64;
  private static final Duration IDLE = Duration.ofMinutes(1);
  private static final int BATCH = 64;

  private final ModelSpec spec;
  private final List<String> metadata;
  private final int maxTokens;
  private final int overlap;
  private final int parentTokens;

  private SparkIngestion(
      ModelSpec spec, List<String> metadata, int maxTokens, int overlap, int parentTokens) {
    this.spec = spec;
    this.metadata = metadata;
    this.maxTokens = maxTokens;
    this.overlap = overlap;
    this.parentTokens = parentTokens;
  }

  /**
   * Starts with the default chunk sizes of {@link io.adapt4j.rag.Rag}.
   *
   * @param modelPath the sentence encoder: a folder accessible to every executor, the name of a
   *     shipped one, or {@code hub:owner/name}, optionally with {@code @} and a revision
   * @return the options
   */
  public static SparkIngestion with(String modelPath) {
    return new SparkIngestion(new ModelSpec(modelPath, "", Precision.AUTO), List.of(), 0, -1, 0);
  }

  /**
   * Sets how documents are split, as {@link io.adapt4j.rag.split.Splitter.Builder} describes it.
   *
   * @param most maximum number of tokens of a chunk
   * @param repeated maximum number of tokens repeated from the previous chunk
   * @return changed options
   */
  public SparkIngestion chunks(int most, int repeated) {
    return new SparkIngestion(spec, metadata, most, repeated, parentTokens);
  }

  /**
   * Gives each chunk a larger parent span to read.
   *
   * @param tokens maximum number of its tokens
   * @return changed options
   */
  public SparkIngestion parents(int tokens) {
    return new SparkIngestion(spec, metadata, maxTokens, overlap, tokens);
  }

  /**
   * Keeps columns as metadata of the documents: texts, whole numbers, numbers and booleans.
   *
   * @param columns their names
   * @return changed options
   */
  public SparkIngestion metadata(String... columns) {
    return new SparkIngestion(spec, List.of(columns), maxTokens, overlap, parentTokens);
  }

  /**
   * Splits and embeds documents on the executors.
   *
   * @param documents the documents
   * @return the documents with two more columns: {@code chunks}, each with its position, text and
   *     vector, and {@code error} for documents that could not be processed
   * @throws IllegalArgumentException if a column is missing, or one of the new ones exists already
   */
  public Dataset<Row> embed(Dataset<Row> documents) {
    StructType schema = documents.schema();
    List<String> names = List.of(schema.fieldNames());
    for (String column : metadata) {
      if (!names.contains(column)) {
        throw new IllegalArgumentException(
            "metadata: expected names of columns, found '%s'; the columns are %s"
                .formatted(column, names));
      }
    }
    if (names.contains(CHUNKS) || names.contains(ERROR)) {
      throw new IllegalArgumentException(
          "documents: expected no columns called chunks or error, found " + names);
    }
    StructType result =
        schema
            .add(CHUNKS, DataTypes.createArrayType(ChunkRows.SCHEMA, false))
            .add(ERROR, DataTypes.StringType);
    EmbedDocumentsWork work =
        new EmbedDocumentsWork(DocumentRows.of(schema, metadata), maxTokens, overlap, parentTokens);
    Counters counters =
        Counters.register(documents.sparkSession().sparkContext(), "adapt4j ingestion");
    return documents.mapPartitions(
        new PartitionTask<>(
            spec, work, new RowOptions(WINDOW, IDLE, RowOptions.Invalid.KEEP), counters),
        Encoders.row(result));
  }

  /**
   * Stores embedded documents in an index opened by this process. Partitions are fetched one at a
   * time, to limit memory.
   *
   * @param embedded the result of {@link #embed}
   * @param index the index, opened for embeddings of the same model
   * @return counts of stored documents
   */
  public IngestedDocuments store(Dataset<Row> embedded, SearchIndex index) {
    return stored(embedded.toLocalIterator(), index, rows(embedded));
  }

  /**
   * Stores embedded documents from the executors, in an index that supports concurrent writers. A
   * task that Spark retries replaces what it has stored.
   *
   * @param opener opens the index on an executor
   * @return counts of stored documents
   */
  public IngestedDocuments storeOnExecutors(Dataset<Row> embedded, IndexOpener opener) {
    Objects.requireNonNull(opener, "opener");
    DocumentRows rows = rows(embedded);
    MapPartitionsFunction<Row, String> task =
        documents -> {
          try (SearchIndex index = opener.open()) {
            IngestedDocuments done = stored(documents, index, rows);
            return List.of(done.documents() + " " + done.chunks() + " " + done.failed()).iterator();
          }
        };
    IngestedDocuments all = new IngestedDocuments(0, 0, 0);
    for (String part : embedded.mapPartitions(task, Encoders.STRING()).collectAsList()) {
      String[] counts = part.split(" ", -1);
      all =
          all.plus(
              new IngestedDocuments(
                  Long.parseLong(counts[0]), Long.parseLong(counts[1]), Long.parseLong(counts[2])));
    }
    return all;
  }

  private DocumentRows rows(Dataset<Row> embedded) {
    return DocumentRows.of(embedded.schema(), metadata);
  }

  private static IngestedDocuments stored(
      Iterator<Row> documents, SearchIndex index, DocumentRows rows) {
    List<Entry> batch = new ArrayList<>();
    long stored = 0;
    long chunks = 0;
    long failed = 0;
    while (documents.hasNext()) {
      Row row = documents.next();
      List<Row> found = row.getList(row.fieldIndex(CHUNKS));
      if (found == null) {
        failed++;
      } else {
        batch.add(entry(row, found, rows));
        stored++;
        chunks += found.size();
      }
      if (batch.size() == BATCH) {
        index.putAll(List.copyOf(batch));
        batch.clear();
      }
    }
    if (!batch.isEmpty()) {
      index.putAll(List.copyOf(batch));
    }
    return new IngestedDocuments(stored, chunks, failed);
  }

  private static Entry entry(Row row, List<Row> found, DocumentRows rows) {
    String id = String.valueOf(row.get(rows.id()));
    List<Chunk> chunks = found.stream().map(chunk -> ChunkRows.chunk(id, chunk)).toList();
    List<float[]> vectors = found.stream().map(ChunkRows::vector).toList();
    return new Entry(rows.document(row), chunks, vectors);
  }
}
