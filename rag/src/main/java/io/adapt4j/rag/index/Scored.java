package io.adapt4j.rag.index;

import java.util.Comparator;

/**
 * A chunk in a ranked list.
 *
 * @param key which
 * @param score larger is better
 */
record Scored(ChunkKey key, double score) {

  /** The best first; equal ones by document and number, so that a search repeats itself. */
  static final Comparator<Scored> ORDER =
      Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::key);
}
