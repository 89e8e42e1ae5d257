package io.adapt4j.rag.index;

import java.util.Comparator;

/** A chunk in a ranked list. */
record Scored(ChunkKey key, double score) {

  /** Descending by score, ties by document and number, so that searches are reproducible. */
  static final Comparator<Scored> ORDER =
      Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::key);
}
