package io.adapt4j.core.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Sizes and CRC-32C checksums of a folder's files as JSON: one object per file, keyed by its
 * relative name.
 */
public final class FileChecksums {

  private static final String BYTES = "bytes";
  private static final String CHECKSUM = "crc32c";

  private FileChecksums() {}

  public static ObjectNode of(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> tree = Files.walk(folder)) {
      files = tree.filter(file -> !isFolder(file)).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    ObjectNode checksums = JsonNodeFactory.instance.objectNode();
    for (Path file : files) {
      checksums
          .putObject(folder.relativize(file).toString().replace('\\', '/'))
          .put(BYTES, Files.size(file))
          .put(CHECKSUM, FileDigest.crc32c(file));
    }
    return checksums;
  }

  /** Unlike {@link Files#isDirectory}, does not take a failing device for a missing file. */
  private static boolean isFolder(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).isDirectory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Verifies a folder's files against their checksums; other files are ignored. */
  public static Optional<String> problem(Path folder, JsonNode checksums) throws IOException {
    for (Map.Entry<String, JsonNode> property : checksums.properties()) {
      Path file;
      try {
        file = folder.resolve(property.getKey());
      } catch (InvalidPathException e) {
        return Optional.of("this system has no file named '" + property.getKey() + "'");
      }
      if (!Files.isRegularFile(file)) {
        return Optional.of(property.getKey() + " is missing");
      }
      long bytes = property.getValue().path(BYTES).longValue();
      if (Files.size(file) != bytes) {
        return Optional.of(
            "%s is damaged (it has %s bytes, not %s)"
                .formatted(property.getKey(), Files.size(file), bytes));
      }
      String stored = property.getValue().path(CHECKSUM).asText();
      String found = FileDigest.crc32c(file);
      if (!found.equals(stored)) {
        return Optional.of(
            property.getKey() + " is damaged (its checksum is " + found + ", not " + stored + ")");
      }
    }
    return Optional.empty();
  }
}
