package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;

/**
 * Verifies a native library against the SHA-256 that the build recorded. JavaCPP extracts libraries
 * into a cache and reuses a file of the same size and date. Jar entries have the same date in every
 * build, so the cached file may come from another build.
 */
final class NativeChecksum {

  private static final String RECORD = ".sha256";

  private NativeChecksum() {}

  /**
   * Returns the problem with a library about to be loaded, if any. A cached file of another build
   * is extracted again first.
   */
  static Optional<String> problem(Class<?> owner, String resource) throws IOException {
    try (InputStream record = owner.getResourceAsStream(resource + RECORD)) {
      if (record == null) {
        return Optional.empty();
      }
      String recorded = new String(record.readAllBytes(), StandardCharsets.US_ASCII).strip();
      Path library = Loader.cacheResource(owner, resource).toPath();
      if (problem(library, recorded).isPresent()) {
        // Not overwritten: another process may have loaded it.
        Files.deleteIfExists(library);
        library = Loader.cacheResource(owner, resource).toPath();
      }
      return problem(library, recorded);
    }
  }

  static Optional<String> problem(Path library, String recorded) throws IOException {
    String found = FileDigest.sha256(library);
    return found.equalsIgnoreCase(recorded)
        ? Optional.empty()
        : Optional.of(
            "%s is not loaded: expected the library with SHA-256 %s, found one with %s. Delete it; it is unpacked again"
                .formatted(library, recorded, found));
  }
}
