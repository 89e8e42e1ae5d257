package io.adapt4j.verification.golden;

import java.util.function.Predicate;

/** A kind of golden folder or file. */
record Kind(String name, Predicate<GoldenSource> matches, Check check) {

  /** Recomputes a source's values and reports each. */
  interface Check {
    void run(GoldenSource source, Report.Section section) throws Exception;
  }

  /** Creates a kind that this build does not support. */
  static Kind unsupported(String name, Predicate<GoldenSource> matches) {
    return new Kind(
        name,
        matches,
        (source, section) -> {
          throw new UnsupportedQuantityException(name);
        });
  }
}
