package io.adapt4j.verification.golden;

import java.util.function.Predicate;

/**
 * A kind of golden folder or file.
 *
 * @param name what reports call it
 * @param matches whether a source is of the kind, by what it contains and never by its name
 * @param check recomputes what is expected
 */
record Kind(String name, Predicate<GoldenSource> matches, Check check) {

  /** Recomputes a source's numbers and reports each. */
  interface Check {
    void run(GoldenSource source, Report.Section section) throws Exception;
  }

  /** A kind that this build does not offer. */
  static Kind unsupported(String name, Predicate<GoldenSource> matches) {
    return new Kind(
        name,
        matches,
        (source, section) -> {
          throw new UnsupportedQuantityException(name);
        });
  }
}
