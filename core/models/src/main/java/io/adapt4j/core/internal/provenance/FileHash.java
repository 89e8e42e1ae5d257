package io.adapt4j.core.internal.provenance;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** File hashes for provenance records. */
public final class FileHash {

  /** Name of a weight file in a hub cache: its hash, which was verified on download. */
  private static final Pattern BLOB = Pattern.compile("[0-9a-f]{64}");

  private static final List<String> MODEL_FILES =
      List.of("config.json", "tokenizer.json", "tokenizer_config.json", "adapter_config.json");

  private FileHash() {}

  /** Computes the SHA-256 of a file. */
  public static String of(Path file) {
    try {
      if (Files.isSymbolicLink(file)) {
        Path blob = file.toRealPath();
        String name = blob.getFileName().toString();
        if (BLOB.matcher(name).matches() && isInBlobs(blob)) {
          return name;
        }
      }
      return FileDigest.sha256(file);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + file + " failed", e);
    }
  }

  private static boolean isInBlobs(Path blob) {
    return blob.getParent() != null && blob.getParent().endsWith("blobs");
  }

  /** Describes a file by path, size and hash. */
  public static ObjectNode describe(Path file) {
    try {
      return JsonNodeFactory.instance
          .objectNode()
          .put("path", file.toAbsolutePath().normalize().toString())
          .put("bytes", Files.size(file))
          .put("sha256", of(file));
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + file + " failed", e);
    }
  }

  /** Lists the files of a model or adapter folder that affect its outputs. */
  public static List<Path> modelFiles(Path folder) {
    Optional<Path> whole = SingleFileModels.file(folder);
    if (whole.isPresent()) {
      return List.of(whole.get());
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(FileHash::isOfModel).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Listing " + folder + " failed", e);
    }
  }

  private static boolean isOfModel(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".safetensors") || MODEL_FILES.contains(name);
  }

  static Optional<String> change(Path file, String before) {
    if (!Files.isRegularFile(file)) {
      return Optional.of(file + " is missing. Put it back.");
    }
    String now = of(file);
    return now.equals(before)
        ? Optional.empty()
        : Optional.of(
            file + " has changed: its sha256 was " + before + ", is " + now + ". Put it back.");
  }
}
