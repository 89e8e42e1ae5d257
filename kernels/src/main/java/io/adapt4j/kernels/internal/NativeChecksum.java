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
 * Compares a native library with the SHA-256 that the build recorded beside it. JavaCPP unpacks a
 * library into a cache and takes a file of that size and date that is there already for it. Entries
 * of jars have the same date in every build, so that may be the library of another build.
 */
final class NativeChecksum {

  private static final String RECORD = ".sha256";

  private NativeChecksum() {}

  /** What is wrong with a library that would be loaded. One of another build is unpacked anew. */
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
