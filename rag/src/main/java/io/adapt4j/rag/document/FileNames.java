package io.adapt4j.rag.document;

import java.util.Locale;

/** Parts of paths with forward slashes. */
final class FileNames {

  private FileNames() {}

  static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The extension in lower case without its dot; empty where there is none. */
  static String extension(String path) {
    String name = last(path);
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }
}
