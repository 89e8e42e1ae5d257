package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A test collection in the embedded index, each document as one chunk. */
final class CollectionIndex implements AutoCloseable {

  /** Maximum length of a ranking, as in published runs. */
  private static final int DEPTH = 1000;

  private final SearchIndex index;
  private final TextEmbeddings embeddings;

  private CollectionIndex(SearchIndex index, TextEmbeddings embeddings) {
    this.index = index;
    this.embeddings = embeddings;
  }

  /** Embeds and adds all documents. Words are those of the whole text. */
  static CollectionIndex of(TestCollection collection, TextEmbeddings embeddings, Path folder) {
    SearchIndex index =
        LuceneIndex.builder(folder)
            .bm25(0.9, 0.4)
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open();
    List<float[]> vectors =
        embeddings.passages(
            collection.documents().stream().map(TestCollection.Item::readable).toList());
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (TestCollection.Item item : collection.documents()) {
      Document document = new Document(item.id(), item.title(), item.text(), Map.of());
      Span all = new Span(0, item.text().length());
      Chunk chunk = new Chunk(item.id(), 0, all, all, "", item.text());
      List<float[]> vector = List.of(vectors.get(entries.size()));
      entries.add(new SearchIndex.Entry(document, List.of(chunk), vector));
    }
    index.putAll(entries);
    return new CollectionIndex(index, embeddings);
  }

  List<String> words(String query) {
    return search(query, Optional.empty(), Fusion.standard());
  }

  List<String> vector(String query) {
    return search("", Optional.of(embeddings.query(query)), Fusion.standard());
  }

  List<String> hybrid(String query, Fusion fusion) {
    return search(query, Optional.of(embeddings.query(query)), fusion);
  }

  private List<String> search(String words, Optional<float[]> vector, Fusion fusion) {
    SearchQuery query = new SearchQuery(words, vector, DEPTH, Optional.empty(), fusion);
    return index.search(query).stream().map(Hit::chunk).map(Chunk::documentId).toList();
  }

  @Override
  public void close() {
    index.close();
  }
}
