package io.adapt4j.core.internal;

import java.util.Locale;

/** Formats sizes in bytes. */
public final class Bytes {

  private Bytes() {}

  /** Formats a size. */
  public static String text(long bytes) {
    return bytes < 1_000_000_000
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }
}
