package io.adapt4j.verification.internal;

import java.util.function.Predicate;

/** A kind of golden folder or file. */
public record Kind(String name, Predicate<GoldenSource> matches, Check check) {

  /** Recomputes a source's values and reports each. */
  public interface Check {
    void run(GoldenSource source, Report.Section section) throws Exception;
  }

  /** Recomputes the values of a folder with tensors. */
  public interface FolderCheck {
    void run(GoldenFolder golden) throws Exception;
  }

  /** Creates a kind of folders that hold a model and its expected tensors. */
  public static Kind ofModel(String name, Predicate<GoldenSource> matches, FolderCheck check) {
    return new Kind(
        name,
        matches,
        (source, section) -> {
          Networks.requireSupported(source.path());
          try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
            check.run(golden);
          }
        });
  }

  /** Creates a kind that this build does not support. */
  public static Kind unsupported(String name, Predicate<GoldenSource> matches) {
    return new Kind(
        name,
        matches,
        (source, section) -> {
          throw new UnsupportedQuantityException(name);
        });
  }
}
