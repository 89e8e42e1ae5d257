package io.adapt4j.upkeep.registry;

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
}
