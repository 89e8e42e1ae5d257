package io.adapt4j.spark.rag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.spark.LocalSpark;
import io.adapt4j.spark.SmallBert;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkIngestionTest {

  private static final List<String> TEXTS =
      IntStream.range(0, 9)
          .mapToObj(
              i -> "# The mat\n\n" + "The cat sat on the mat. A dog ran fast. ".repeat(i + 1) + i)
          .toList();

  @Test
  void theIndexIsTheOneThatRagMakes(@TempDir Path folder) throws IOException {
    Path model = SmallBert.embedder(folder.resolve("model"));
    SparkIngestion ingestion = SparkIngestion.with(model.toString()).metadata("size");
    Dataset<Row> documents =
        LocalSpark.texts("text", TEXTS, 3)
            .withColumn("id", functions.concat(functions.lit("d"), functions.expr("right(text,1)")))
            .withColumn("title", functions.lit("Mats"))
            .withColumn("size", functions.length(functions.col("text")));
    List<Document> same = new ArrayList<>();
    for (Row row : documents.collectAsList()) {
      same.add(
          new Document(row.getString(1), "Mats", row.getString(0), Map.of("size", row.getInt(3))));
    }

    try (LocalEmbeddings embeddings =
            LocalEmbeddings.builder(ModelSource.path(model)).batchInvariant(true).build();
        LuceneIndex expected = open(folder.resolve("expected"), embeddings);
        LuceneIndex index = open(folder.resolve("index"), embeddings)) {
      try (Rag rag = Rag.builder().embeddings(embeddings).index(expected).build()) {
        rag.add(Documents.of(same));
      }
      IngestedDocuments stored = ingestion.store(ingestion.embed(documents), index);

      assertThat(stored).isEqualTo(new IngestedDocuments(9, expected.chunkCount(), 0));
      assertThat(index.contentHashes()).isEqualTo(expected.contentHashes());
      for (Document document : same) {
        assertThat(index.document(document.id())).contains(document);
        assertThat(chunks(index, document.id())).isEqualTo(chunks(expected, document.id()));
        assertThat(vectors(index, document.id())).isEqualTo(vectors(expected, document.id()));
      }
    }
  }

  private static LuceneIndex open(Path folder, LocalEmbeddings embeddings) {
    return LuceneIndex.builder(folder)
        .embeddings(embeddings.identity(), embeddings.dimension())
        .open();
  }

  private static List<Chunk> chunks(SearchIndex index, String id) {
    return index.chunks(id, 0, Integer.MAX_VALUE - 1);
  }

  private static Map<String, List<Float>> vectors(SearchIndex index, String id) {
    Map<String, List<Float>> vectors = new TreeMap<>();
    index
        .vectors(chunks(index, id))
        .forEach(
            (chunk, vector) ->
                vectors.put(
                    chunk, IntStream.range(0, vector.length).mapToObj(i -> vector[i]).toList()));
    return vectors;
  }

  @Test
  void documentsThatAreNoneHaveAnErrorAndAreNotStored(@TempDir Path folder) throws IOException {
    Path model = SmallBert.embedder(folder.resolve("model"));
    Dataset<Row> documents =
        LocalSpark.texts("text", List.of("a cat", "a dog"), 1)
            .withColumn("id", functions.expr("if(text = 'a cat', ' ', 'dog')"));
    SparkIngestion ingestion = SparkIngestion.with(model.toString());

    Dataset<Row> embedded = ingestion.embed(documents);

    assertThat(embedded.filter("error is not null").collectAsList())
        .singleElement()
        .satisfies(row -> assertThat(row.<String>getAs("error")).startsWith("id: expected a name"));
    try (LocalEmbeddings embeddings = LocalEmbeddings.load(ModelSource.path(model));
        LuceneIndex index = open(folder.resolve("index"), embeddings)) {
      assertThat(ingestion.store(embedded, index)).isEqualTo(new IngestedDocuments(1, 1, 1));
    }
  }

  @Test
  void columnsAreCheckedByName() {
    Dataset<Row> documents = LocalSpark.texts("text", TEXTS, 1);
    assertThatThrownBy(() -> SparkIngestion.with("model").embed(documents))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("documents: expected the columns id and text, found [text]");
    assertThatThrownBy(() -> SparkIngestion.with("model").metadata("size").embed(documents))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("metadata: expected names of columns, found 'size'; the columns are [text]");
  }
}
