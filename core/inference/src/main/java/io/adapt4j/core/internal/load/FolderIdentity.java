package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Identifies model folders by their contents, independent of their location. */
public final class FolderIdentity {

  private FolderIdentity() {}

  /**
   * Returns the identity of a folder: its name, and a checksum over the contents of its small files
   * and over the names, sizes and times of its weights. Reading every byte of a large model would
   * take too long.
   */
  public static String of(Path folder) {
    return of(folder, false);
  }

  /**
   * Returns the identity of an adapter's folder: like {@link #of(Path)}, but includes the contents
   * of its small weights.
   */
  static String ofAdapter(Path folder) {
    return of(folder, true);
  }

  private static String of(Path folder, boolean readWeights) {
    MessageDigest digest = FileDigest.sha256();
    Optional<Path> whole = SingleFileModels.file(folder);
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> sorted = files.filter(Files::isRegularFile).sorted().toList();
      if (whole.isPresent()) {
        digest.update(sizeAndTime(whole.get()).getBytes(StandardCharsets.UTF_8));
      }
      for (Path file : sorted) {
        digest.update(describe(file, readWeights).getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return whole.orElse(folder).toAbsolutePath().normalize().getFileName()
        + " "
        + HexFormat.of().formatHex(digest.digest());
  }

  private static String describe(Path file, boolean readWeights) throws IOException {
    String name = file.getFileName().toString();
    if (name.endsWith(".safetensors") && !readWeights) {
      return name + sizeAndTime(file);
    }
    if (SingleFileModels.isMarker(file)) {
      return "";
    }
    boolean counts =
        name.endsWith(".json") || name.endsWith(".jinja") || name.endsWith(".safetensors");
    return counts ? name + " " + FileDigest.sha256(file) + "\n" : "";
  }

  private static String sizeAndTime(Path file) throws IOException {
    return " " + Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis() + "\n";
  }
}
