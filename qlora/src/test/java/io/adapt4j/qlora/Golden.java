package io.adapt4j.qlora;

import static org.junit.jupiter.api.Assumptions.abort;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.kernels.internal.StoredFloats;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The recorded numbers, and how tests read tensors. */
final class Golden {

  private Golden() {}

  static Path folder(String name) {
    try {
      return Path.of(Golden.class.getResource("/golden/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A file of the larger set beside the repository; without it the test is skipped. */
  static Path shared(String name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path found = at.resolve("shared").resolve("golden").resolve(name);
      if (Files.exists(found)) {
        return found;
      }
    }
    return abort("../shared/golden/" + name + " is absent");
  }

  static float[] floats(Checkpoint checkpoint, String name) {
    TensorEntry entry = checkpoint.entry(name);
    float[] values = new float[(int) entry.elements()];
    StoredFloats.decode(entry.type(), checkpoint.bytes(name), values, values.length);
    return values;
  }

  static byte[] bytes(Checkpoint checkpoint, String name) {
    return bytes(checkpoint.bytes(name));
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static void copyFolder(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
