package io.adapt4j.upkeep.registry;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A version of an adapter or model in a registry. Immutable; its exams and its signature may be
 * added later and are read with {@link Registry#exams} and {@link Registry#isSigned}.
 *
 * @param name name of the model, such as {@code support}
 * @param number 1 or more, counted within the name and never used again
 * @param digest SHA-256 of the lines that {@code sha256sum} prints of its files, sorted by path
 * @param folder the adapter or model folder to load; not to be changed
 * @param created when it was added
 * @param note free text
 * @param lineage what it was trained from
 * @param files its files, sorted by path
 */
public record ModelVersion(
    String name,
    int number,
    String digest,
    Path folder,
    Instant created,
    String note,
    Lineage lineage,
    List<VersionFile> files) {

  /** Copies the list. */
  public ModelVersion {
    files = List.copyOf(files);
  }

  /** {@return name and number, such as {@code support@3}} */
  public String reference() {
    return name + "@" + number;
  }

  /** {@return the reference that no later change can move, such as {@code support@sha256:...}} */
  public String pinned() {
    return name + "@" + Names.DIGEST + digest;
  }

  /** {@return number and digest, as answers name it, such as {@code support@3+sha256:...}} */
  public String exact() {
    return reference() + "+" + Names.DIGEST + digest;
  }

  /** {@return the size of all files} */
  public long bytes() {
    return files.stream().mapToLong(VersionFile::bytes).sum();
  }
}
