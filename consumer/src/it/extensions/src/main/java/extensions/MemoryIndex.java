package extensions;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Keeps everything in memory and compares a question with every chunk. */
public final class MemoryIndex implements SearchIndex {

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  @Override
  public void putAll(List<Entry> added) {
    added.forEach(entry -> entries.put(entry.document().id(), entry));
  }

  @Override
  public void delete(List<String> ids) {
    ids.forEach(entries::remove);
  }

  @Override
  public List<Hit> search(SearchQuery query) {
    if (query.filter().isPresent()) {
      throw new UnsupportedOperationException("filter: expected none, found " + query.filter());
    }
    List<Hit> hits = new ArrayList<>();
    for (Entry entry : entries.values()) {
      for (int i = 0; i < entry.chunks().size(); i++) {
        Document document = entry.document();
        double score =
            query.vector().isPresent()
                ? cosine(query.vector().get(), entry.vectors().get(i))
                : words(query.text(), entry.chunks().get(i).text());
        hits.add(new Hit(entry.chunks().get(i), score, document.title(), document.metadata()));
      }
    }
    hits.sort(Comparator.comparingDouble(Hit::score).reversed());
    return List.copyOf(hits.subList(0, Math.min(query.limit(), hits.size())));
  }

  private static double cosine(float[] one, float[] other) {
    double product = 0;
    for (int i = 0; i < one.length; i++) {
      product += one[i] * other[i];
    }
    return product;
  }

  private static double words(String question, String text) {
    return List.of(question.split("\\W+")).stream().filter(text::contains).count();
  }

  @Override
  public Optional<Document> document(String id) {
    return Optional.ofNullable(entries.get(id)).map(Entry::document);
  }

  @Override
  public List<Chunk> chunks(String id, int first, int last) {
    Entry entry = entries.get(id);
    return entry == null
        ? List.of()
        : entry.chunks().stream()
            .filter(chunk -> chunk.number() >= first && chunk.number() <= last)
            .toList();
  }

  @Override
  public Map<String, String> contentHashes() {
    return entries.values().stream()
        .collect(Collectors.toMap(entry -> entry.document().id(), Entry::contentHash));
  }

  @Override
  public long documentCount() {
    return entries.size();
  }

  @Override
  public long chunkCount() {
    return entries.values().stream().mapToLong(entry -> entry.chunks().size()).sum();
  }

  @Override
  public void close() {}
}
