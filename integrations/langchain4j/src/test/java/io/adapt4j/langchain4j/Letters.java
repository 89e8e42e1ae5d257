package io.adapt4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;
import java.util.Locale;

/** How often each letter occurs, of length 1. */
final class Letters implements TextEmbeddings {

  int questions;

  @Override
  public String identity() {
    return "letters";
  }

  @Override
  public int dimension() {
    return 26;
  }

  @Override
  public List<float[]> passages(List<String> texts) {
    return texts.stream().map(Letters::vector).toList();
  }

  @Override
  public float[] query(String text) {
    questions++;
    return vector(text);
  }

  private static float[] vector(String text) {
    float[] counts = new float[26];
    text.toLowerCase(Locale.ROOT)
        .chars()
        .filter(letter -> letter >= 'a' && letter <= 'z')
        .forEach(letter -> counts[letter - 'a']++);
    Embedding embedding = Embedding.from(counts);
    embedding.normalize();
    return embedding.vector();
  }
}
