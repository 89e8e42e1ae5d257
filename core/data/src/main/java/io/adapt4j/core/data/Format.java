package io.adapt4j.core.data;

import java.util.Locale;
import java.util.Optional;

/**
 * File format of rows. Any format may be compressed with gzip, which is detected by the content.
 */
public enum Format {
  /** JSON Lines: one JSON object per line; blank lines are ignored. */
  JSONL,
  /**
   * One JSON document: an array of objects, or an object with such an array in one of its fields.
   */
  JSON,
  /** Comma-separated values as in RFC 4180, with a header record unless columns are named. */
  CSV,
  /** As CSV, with tabs between fields. */
  TSV,
  /**
   * Plain text, split into rows by {@link TextUnit}; each row has the single field {@code text}.
   */
  TEXT;

  /** Returns the format of a file's name, ignoring {@code .gz}. */
  static Optional<Format> ofName(String name) {
    String plain = name.toLowerCase(Locale.ROOT);
    if (plain.endsWith(".gz")) {
      plain = plain.substring(0, plain.length() - ".gz".length());
    }
    String extension = plain.substring(plain.lastIndexOf('.') + 1);
    return Optional.ofNullable(
        switch (extension) {
          case "jsonl", "ndjson" -> JSONL;
          case "json" -> JSON;
          case "csv" -> CSV;
          case "tsv", "tab" -> TSV;
          case "txt", "text", "md" -> TEXT;
          default -> null;
        });
  }
}
