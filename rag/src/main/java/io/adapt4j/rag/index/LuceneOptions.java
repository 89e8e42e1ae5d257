package io.adapt4j.rag.index;

import java.nio.file.Path;
import org.apache.lucene.analysis.Analyzer;

/** What {@link LuceneIndex.Builder} gathered. */
record LuceneOptions(
    Path folder,
    String embeddings,
    int dimension,
    String analyzerName,
    Analyzer analyzer,
    Quantization quantization,
    int links,
    int buildBeam,
    int searchBeam,
    float k1,
    float b,
    CommitPolicy commit,
    double bufferMegabytes,
    Verification verification) {

  static void requireBm25(double k1, double b) {
    if (!(k1 >= 0 && Double.isFinite(k1)) || !(b >= 0 && b <= 1)) {
      throw new IllegalArgumentException(
          "bm25: expected k1 of at least 0 and b from 0 to 1, found " + k1 + " and " + b);
    }
  }

  static int within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": expected " + least + " to " + most + ", found " + value);
    }
    return value;
  }
}
