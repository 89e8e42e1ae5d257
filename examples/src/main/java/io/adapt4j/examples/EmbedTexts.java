package io.adapt4j.examples;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Prints how similar texts are: the cosines of the angles between their embeddings.
 *
 * <p>{@code EmbedTexts FOLDER TEXT TEXT ...} with the folder of a sentence encoder, such as the one
 * {@link ConvertMiniLm} writes. Exits with 2 on wrong usage.
 */
public final class EmbedTexts {

  private EmbedTexts() {}

  /**
   * Runs the example.
   *
   * @param arguments a model folder and two or more texts
   */
  public static void main(String[] arguments) {
    if (arguments.length < 3) {
      System.err.println("Usage: EmbedTexts FOLDER TEXT TEXT ...");
      System.exit(2);
    }
    List<String> texts = Arrays.asList(arguments).subList(1, arguments.length);
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(Path.of(arguments[0])))) {
      System.out.printf(
          "%d dimensions, at most %d tokens a text, %d of the texts cut%n",
          embedder.dimension(), embedder.maxTokens(), embedder.countTruncated(texts));
      List<float[]> vectors = embedder.embedAll(texts);
      for (int i = 0; i < texts.size(); i++) {
        for (int j = i + 1; j < texts.size(); j++) {
          System.out.printf(
              Locale.ROOT,
              "%6.3f  %s | %s%n",
              cosine(vectors.get(i), vectors.get(j)),
              texts.get(i),
              texts.get(j));
        }
      }
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double aSquares = 0;
    double bSquares = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      aSquares += (double) a[i] * a[i];
      bSquares += (double) b[i] * b[i];
    }
    return product / Math.sqrt(aSquares * bSquares);
  }
}
