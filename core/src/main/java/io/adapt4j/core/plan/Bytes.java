package io.adapt4j.core.plan;

import java.util.Locale;

/** Sizes as text. */
final class Bytes {

  private Bytes() {}

  /** Megabytes or gigabytes, in powers of 1000. */
  static String text(long bytes) {
    return bytes < 1_000_000_000
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }
}
