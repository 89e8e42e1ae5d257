package io.adapt4j.rag.index;

import java.util.Comparator;

/** Key of a chunk. */
record ChunkKey(String documentId, int number) implements Comparable<ChunkKey> {

  private static final Comparator<ChunkKey> ORDER =
      Comparator.comparing(ChunkKey::documentId).thenComparingInt(ChunkKey::number);

  @Override
  public int compareTo(ChunkKey other) {
    return ORDER.compare(this, other);
  }
}
