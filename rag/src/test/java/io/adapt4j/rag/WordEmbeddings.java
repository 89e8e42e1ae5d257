package io.adapt4j.rag;

import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Counts hashed words: texts with the same words are near each other. Remembers its calls. */
public final class WordEmbeddings implements TextEmbeddings {

  private static final int DIMENSION = 64;
  private static final Pattern WORD = Pattern.compile("\\w+");

  public final List<List<String>> calls = new ArrayList<>();
  private final String identity;

  public WordEmbeddings() {
    this("words");
  }

  public WordEmbeddings(String identity) {
    this.identity = identity;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public int dimension() {
    return DIMENSION;
  }

  @Override
  public synchronized List<float[]> passages(List<String> texts) {
    calls.add(List.copyOf(texts));
    return texts.stream().map(WordEmbeddings::vector).toList();
  }

  @Override
  public synchronized float[] query(String text) {
    calls.add(List.of(text));
    return vector(text);
  }

  private static float[] vector(String text) {
    float[] vector = new float[DIMENSION];
    WORD.matcher(text.toLowerCase(Locale.ROOT))
        .results()
        .forEach(word -> vector[Math.floorMod(word.group().hashCode() * 31, DIMENSION)]++);
    return Vectors.normalize(vector);
  }
}
