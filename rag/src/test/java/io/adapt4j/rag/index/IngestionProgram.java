package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.SearchIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Adds documents until it is killed, and prints each batch that is safe. */
final class IngestionProgram {

  static final int CHUNKS = 7;

  private IngestionProgram() {}

  public static void main(String[] args) {
    try (LuceneIndex index = LuceneIndex.builder(Path.of(args[0])).embeddings("m", 3).open()) {
      for (int batch = 0; ; batch++) {
        index.putAll(batch(batch));
        System.out.println(batch);
      }
    }
  }

  /** Three new documents, and a new version of one there is. */
  static List<SearchIndex.Entry> batch(int batch) {
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      entries.add(document("d" + batch + "-" + i, "version" + batch));
    }
    entries.add(document("again", "version" + batch));
    return entries;
  }

  private static SearchIndex.Entry document(String id, String word) {
    StringBuilder text = new StringBuilder();
    float[][] vectors = new float[CHUNKS][];
    for (int i = 0; i < CHUNKS; i++) {
      text.append(i == 0 ? "" : "\n").append(word).append(" line ").append(i);
      vectors[i] = new float[] {1, i, 0};
    }
    return Samples.entry(id, text.toString(), vectors);
  }
}
