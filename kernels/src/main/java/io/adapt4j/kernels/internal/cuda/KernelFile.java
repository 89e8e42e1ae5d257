package io.adapt4j.kernels.internal.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Source files of the kernels in this module's resources. */
enum KernelFile {
  QUANTIZE,
  DEQUANTIZE,
  PLAIN,
  TENSOR;

  private static final String FOLDER = "/io/adapt4j/kernels/cuda/";
  private static final String INCLUDE = "#include \"";

  /** Returns the minimum capability it can be compiled for. */
  Capability least() {
    return this == TENSOR ? Capability.TENSOR_CORES : Capability.LEAST;
  }

  /** Returns the name without folder and extension. */
  String plainName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the text with every header inlined at its first {@code #include}. */
  String source() {
    StringBuilder text = new StringBuilder();
    append(plainName() + ".cu", text, new HashSet<>());
    return text.toString();
  }

  private static void append(String file, StringBuilder text, Set<String> included) {
    if (!included.add(file)) {
      return;
    }
    for (String line : read(file).lines().toList()) {
      if (line.startsWith(INCLUDE)) {
        append(line.substring(INCLUDE.length(), line.length() - 1), text, included);
      } else {
        text.append(line).append('\n');
      }
    }
  }

  private static String read(String file) {
    return new String(
        resource(file).orElseThrow(() -> new IllegalStateException("No resource " + file)),
        StandardCharsets.UTF_8);
  }

  /** Returns a resource next to the sources. */
  static Optional<byte[]> resource(String file) {
    try (InputStream in = KernelFile.class.getResourceAsStream(FOLDER + file)) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
