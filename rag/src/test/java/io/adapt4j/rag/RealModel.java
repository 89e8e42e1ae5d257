package io.adapt4j.rag;

import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;

/** The real MiniLM, converted once for all tests. */
public final class RealModel {

  static {
    System.setProperty(MiniLm.CACHE_PROPERTY, Path.of("target", "cache").toString());
  }

  private RealModel() {}

  public static Path folder() throws IOException {
    return MiniLm.folder();
  }

  public static LocalEmbeddings load() throws IOException {
    return MiniLm.load();
  }
}
