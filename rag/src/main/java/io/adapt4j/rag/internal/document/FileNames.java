package io.adapt4j.rag.internal.document;

import java.util.Locale;

/** Parts of paths with forward slashes. */
public final class FileNames {

  private FileNames() {}

  public static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Returns the lowercase extension without its dot; empty if there is none. */
  public static String extension(String path) {
    String name = last(path);
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }
}
