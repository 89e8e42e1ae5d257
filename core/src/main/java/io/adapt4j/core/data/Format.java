package io.adapt4j.core.data;

import java.util.Locale;
import java.util.Optional;

/**
 * How rows are written in a file. Any of them may be compressed with gzip, which is told by the
 * content.
 */
public enum Format {
  /** JSON Lines: one JSON object a line; blank lines are left out. */
  JSONL,
  /**
   * One JSON document: an array of objects, or an object with such an array in one of its fields.
   */
  JSON,
  /** Comma-separated values as in RFC 4180, with a header record unless columns are stated. */
  CSV,
  /** As CSV, with a tab between fields. */
  TSV,
  /** Plain text, cut into rows by {@link TextUnit}; each row has the one field {@code text}. */
  TEXT;

  /** The format that a file's name tells, {@code .gz} left aside. */
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
