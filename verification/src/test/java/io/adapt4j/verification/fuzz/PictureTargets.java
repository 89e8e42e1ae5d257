package io.adapt4j.verification.fuzz;

import io.adapt4j.vision.Picture;
import io.adapt4j.vision.PictureLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Readers of pictures, with the tests' pictures of each format as seeds. */
final class PictureTargets {

  private static final PictureLimits LIMITS = new PictureLimits(1 << 20, 1 << 20, 1 << 14, 100);

  private PictureTargets() {}

  static List<FuzzTarget> all() {
    return Stream.of("png", "jpg", "tif", "webp", "gif", "bmp")
        .map(
            extension ->
                new FuzzTarget(
                    "picture-" + extension,
                    () -> seeds("." + extension),
                    bytes -> Picture.of("input", bytes, LIMITS).overWhite().rgb()))
        .toList();
  }

  private static List<byte[]> seeds(String extension) {
    try (Stream<Path> files = Files.list(Path.of("../vision/src/test/resources/pictures"))) {
      return files
          .filter(file -> file.toString().endsWith(extension))
          .sorted()
          .map(PictureTargets::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
