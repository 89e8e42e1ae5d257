package io.adapt4j.core.internal.tensor.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Features of the machine's processor. */
public final class Processor {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** The names Linux gives the bfloat16 instructions of x86-64 (two sets) and AArch64. */
  private static final Set<String> BF16_FLAGS = Set.of("avx512_bf16", "amx_bf16", "bf16");

  private Processor() {}

  /**
   * Returns whether the processor multiplies bfloat16 natively. Without it, bfloat16 saves memory
   * but no time.
   */
  public static boolean hasBf16() {
    if (!Files.isReadable(CPU_INFO)) {
      return false;
    }
    try {
      return hasBf16(Files.readString(CPU_INFO, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return false;
    }
  }

  public static String name() {
    return line("model name").orElseGet(() -> System.getProperty("os.arch"));
  }

  public static List<String> features() {
    return line("flags")
        .or(() -> line("Features"))
        .map(line -> List.of(line.split(" ")))
        .orElse(List.of());
  }

  /** Returns whether this is an AMD processor with AVX-512, as far as Linux reports it. */
  public static boolean isAmdWithAvx512() {
    return line("vendor_id").filter("AuthenticAMD"::equals).isPresent()
        && features().contains("avx512f");
  }

  private static Optional<String> line(String name) {
    if (!Files.isReadable(CPU_INFO)) {
      return Optional.empty();
    }
    try {
      return Files.readString(CPU_INFO, StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static boolean hasBf16(String cpuInfo) {
    return cpuInfo
        .lines()
        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
        .findFirst()
        .map(line -> List.of(line.substring(line.indexOf(':') + 1).split(" ")))
        .filter(flags -> flags.stream().anyMatch(BF16_FLAGS::contains))
        .isPresent();
  }
}
