package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;

/**
 * Verifies a native library against two SHA-256 that the build recorded in its folder: its own, and
 * that of the sources. JavaCPP extracts libraries into a cache and reuses a file of the same size
 * and date. Jar entries have the same date in every build, so the cached file may come from another
 * build; and the jar of a platform may be of another version than this class.
 */
final class NativeChecksum {

  private static final String RECORD = ".sha256";

  /** Checksum of the sources that the classes of the owner's package were built with. */
  private static final String SOURCES = "sources.sha256";

  private NativeChecksum() {}

  /**
   * Returns the problem with a library about to be loaded, if any. A cached file of another build
   * is extracted again first; a library in a folder of the class path is compared there.
   */
  static Optional<String> problem(Class<?> owner, String resource) throws IOException {
    Optional<String> record = text(owner, resource + RECORD);
    if (record.isEmpty()) {
      return Optional.empty();
    }
    String[] recorded = record.get().split(" ", -1);
    Optional<String> sources = text(owner, folder(resource) + SOURCES);
    if (recorded.length > 1 && sources.isPresent() && !sources.get().equals(recorded[1])) {
      return Optional.of(
          "%s is of another build than adapt4j-kernels itself; take both in one version"
              .formatted(owner.getResource(resource)));
    }
    URL library = owner.getResource(resource);
    // JavaCPP loads a file from where it is, so that a read-only system needs no cache.
    return library.getProtocol().equals("file")
        ? problem(Path.of(URI.create(library.toString())), recorded[0])
        : problemInCache(library, recorded[0]);
  }

  /** Returns the problem with a library that is extracted into JavaCPP's cache. */
  static Optional<String> problemInCache(URL resource, String recorded) throws IOException {
    Path library = Loader.cacheResource(resource).toPath();
    if (problem(library, recorded).isPresent()) {
      // Not overwritten: another process may have loaded it.
      try {
        Files.deleteIfExists(library);
      } catch (AccessDeniedException e) {
        return Optional.of(
            library
                + " is of another build, and a running process uses it, so that Windows does not"
                + " replace it. End that process, or set org.bytedeco.javacpp.cachedir to another"
                + " folder");
      }
      library = Loader.cacheResource(resource).toPath();
    }
    return problem(library, recorded);
  }

  /** Returns the folder above that of a library. */
  private static String folder(String resource) {
    return resource.substring(0, resource.lastIndexOf('/', resource.lastIndexOf('/') - 1) + 1);
  }

  private static Optional<String> text(Class<?> owner, String resource) throws IOException {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }

  static Optional<String> problem(Path library, String recorded) throws IOException {
    String found = FileDigest.sha256(library);
    return found.equalsIgnoreCase(recorded)
        ? Optional.empty()
        : Optional.of(
            "%s is not loaded: expected the library with SHA-256 %s, found one with %s. Delete it; it is unpacked or built again"
                .formatted(library, recorded, found));
  }
}
