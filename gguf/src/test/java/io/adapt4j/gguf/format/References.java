package io.adapt4j.gguf.format;

import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** What ggml's reference implementation gives, stored beside the tests. */
final class References {

  private References() {}

  static Path path(String name) {
    try {
      return Path.of(Objects.requireNonNull(References.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static float[] floats(String file, String tensor) {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(file, tensor)).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  static byte[] bytes(String file, String tensor) {
    try (SafetensorsFile open = SafetensorsFile.open(path(file))) {
      ByteBuffer mapped = open.bytes(tensor);
      byte[] bytes = new byte[mapped.remaining()];
      mapped.get(bytes);
      return bytes;
    }
  }

  /** The name of a type in the files. */
  static String name(TensorType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
