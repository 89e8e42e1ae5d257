package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.FileDigest;
import java.util.Collection;
import java.util.Comparator;

/**
 * A file of a version.
 *
 * @param path path below the version's folder, with {@code /}
 * @param bytes its size
 * @param sha256 SHA-256 in lower-case hexadecimal
 */
public record VersionFile(String path, long bytes, String sha256) {

  /** Checks the values, which may come from outside. */
  public VersionFile {
    Names.requirePath(path);
    Names.requireSha256(path, sha256);
    if (bytes < 0) {
      throw new RegistryException(path + ": expected a size of 0 or more, found " + bytes + ".");
    }
  }

  /**
   * Returns the digest of a whole version: the SHA-256 of the lines that {@code sha256sum} prints
   * of its files, sorted by path.
   */
  static String digest(Collection<VersionFile> files) {
    StringBuilder lines = new StringBuilder();
    files.stream()
        .sorted(Comparator.comparing(VersionFile::path))
        .forEach(file -> lines.append(file.sha256() + "  " + file.path() + "\n"));
    return FileDigest.sha256(lines.toString());
  }
}
