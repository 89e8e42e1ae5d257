package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Checks of index entries and queries, and vector normalization. */
final class Entries {

  private Entries() {}

  static void check(SearchIndex.Entry entry, int dimension) {
    String id = entry.document().id();
    Set<Integer> numbers = new HashSet<>();
    for (Chunk chunk : entry.chunks()) {
      if (!chunk.documentId().equals(id)) {
        throw new IllegalArgumentException(
            "document '" + id + "': chunk '" + chunk.id() + "' is another document's");
      }
      if (!numbers.add(chunk.number())) {
        throw new IllegalArgumentException(
            "document '" + id + "': two chunks have the number " + chunk.number());
      }
    }
    checkVectors(entry, dimension);
  }

  private static void checkVectors(SearchIndex.Entry entry, int dimension) {
    int expected = dimension == 0 ? 0 : entry.chunks().size();
    if (entry.vectors().size() != expected) {
      throw new IllegalArgumentException(
          "document '%s': expected %s vectors for %s chunks, found %s%s"
              .formatted(
                  entry.document().id(),
                  expected,
                  entry.chunks().size(),
                  entry.vectors().size(),
                  dimension == 0 ? ": the index was opened for words only" : ""));
    }
    for (int i = 0; i < expected; i++) {
      unit(entry.vectors().get(i), dimension, "chunk '" + entry.chunks().get(i).id() + "'");
    }
  }

  /** Returns a document's metadata without what only the document itself keeps. */
  static Map<String, Object> searchable(Document document) {
    Map<String, Object> fields = new TreeMap<>(document.metadata());
    fields.remove(Document.BOXES);
    return fields;
  }

  /** Returns an L2-normalized vector. */
  static float[] unit(float[] vector, int dimension, String owner) {
    if (vector.length != dimension) {
      throw new IllegalArgumentException(
          owner + ": expected a vector of " + dimension + " entries, found " + vector.length);
    }
    double squares = 0;
    for (int i = 0; i < dimension; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalArgumentException(
            owner + ": entry " + i + " of the vector is " + vector[i] + ", not a finite number");
      }
      squares += (double) vector[i] * vector[i];
    }
    if (squares == 0) {
      throw new IllegalArgumentException(
          owner + ": the vector is zero, which is near to nothing; was the text empty?");
    }
    double length = Math.sqrt(squares);
    float[] unit = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }

  /** Checks a query, for every index. */
  static void check(SearchQuery query) {
    if (query.limit() < 1) {
      throw new IllegalArgumentException("limit: expected at least 1, found " + query.limit());
    }
    query.filter().ifPresent(FilterCheck::check);
  }

  static int within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": expected " + least + " to " + most + ", found " + value);
    }
    return value;
  }

  /** Checks the identity of embeddings. */
  static String identity(String identity) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity: expected a text, found '" + identity + "'");
    }
    return identity;
  }

  static void checkBm25(double k1, double b) {
    if (!(k1 >= 0 && Double.isFinite(k1)) || !(b >= 0 && b <= 1)) {
      throw new IllegalArgumentException(
          "bm25: expected k1 of at least 0 and b from 0 to 1, found " + k1 + " and " + b);
    }
  }
}
