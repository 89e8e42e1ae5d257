package io.adapt4j.rag;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Keeps everything in memory and looks at all of it. Hybrid scores are sums. */
public final class MemoryIndex implements SearchIndex {

  public final List<SearchQuery> queries = new ArrayList<>();
  public final List<Integer> writes = new ArrayList<>();
  private final Map<String, Entry> entries = new TreeMap<>();

  @Override
  public synchronized void putAll(List<Entry> added) {
    writes.add(added.size());
    added.forEach(entry -> entries.put(entry.document().id(), entry));
  }

  @Override
  public synchronized void delete(List<String> ids) {
    ids.forEach(entries::remove);
  }

  @Override
  public synchronized List<Hit> search(SearchQuery query) {
    queries.add(query);
    List<Hit> hits = new ArrayList<>();
    for (Entry entry : entries.values()) {
      if (query.filter().isEmpty() || passes(query.filter().get(), entry.document())) {
        for (int i = 0; i < entry.chunks().size(); i++) {
          hits.add(hit(query, entry, i));
        }
      }
    }
    hits.removeIf(hit -> hit.score() <= 0);
    hits.sort(Comparator.comparingDouble(Hit::score).reversed());
    return List.copyOf(hits.subList(0, Math.min(hits.size(), query.limit())));
  }

  private static boolean passes(Filter filter, Document document) {
    if (filter instanceof Filter.And and) {
      return and.filters().stream().allMatch(part -> passes(part, document));
    }
    Filter.Equal equal = (Filter.Equal) filter;
    return equal.value().equals(document.metadata().get(equal.field()));
  }

  private static Hit hit(SearchQuery query, Entry entry, int i) {
    Chunk chunk = entry.chunks().get(i);
    double score = words(query.text(), chunk.searchText());
    if (query.vector().isPresent()) {
      score += Math.max(0, Vectors.product(query.vector().get(), entry.vectors().get(i)));
    }
    return new Hit(chunk, score, entry.document().title(), entry.document().metadata());
  }

  private static double words(String question, String text) {
    List<String> there = List.of(text.toLowerCase(Locale.ROOT).split("\\W+", -1));
    List<String> asked = List.of(question.toLowerCase(Locale.ROOT).split("\\W+", -1));
    long found = asked.stream().filter(word -> !word.isEmpty() && there.contains(word)).count();
    return found / (double) Math.max(1, asked.size());
  }

  @Override
  public synchronized Optional<Document> document(String id) {
    return Optional.ofNullable(entries.get(id)).map(Entry::document);
  }

  @Override
  public synchronized List<Chunk> chunks(String id, int first, int last) {
    return entries.containsKey(id)
        ? entries.get(id).chunks().stream()
            .filter(chunk -> chunk.number() >= first && chunk.number() <= last)
            .toList()
        : List.of();
  }

  @Override
  public synchronized Map<String, String> contentHashes() {
    Map<String, String> hashes = new TreeMap<>();
    entries.forEach((id, entry) -> hashes.put(id, entry.contentHash()));
    return hashes;
  }

  @Override
  public synchronized long documentCount() {
    return entries.size();
  }

  @Override
  public synchronized long chunkCount() {
    return entries.values().stream().mapToLong(entry -> entry.chunks().size()).sum();
  }

  @Override
  public void close() {}
}
