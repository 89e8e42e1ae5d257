package io.adapt4j.rag.internal.embed;

import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Identity of a model by the content of its files, regardless of location. */
public final class ModelIdentity {

  private static final int DIGITS = 16;

  private ModelIdentity() {}

  /** Returns the folder's name, and a hash of all its weights and settings and of a text. */
  public static String of(Path folder, String settings) {
    MessageDigest digest = FileDigest.sha256();
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> sorted = files.filter(ModelIdentity::counts).sorted().toList();
      for (Path file : sorted) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        digest.update(
            (name + " " + FileDigest.sha256(file) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    digest.update(settings.getBytes(StandardCharsets.UTF_8));
    String hash = HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
    return folder.toAbsolutePath().normalize().getFileName() + " " + hash;
  }

  private static boolean counts(Path file) {
    String name = file.getFileName().toString();
    return Files.isRegularFile(file)
        && (name.endsWith(".json") || name.endsWith(".safetensors") || name.endsWith(".txt"));
  }
}
