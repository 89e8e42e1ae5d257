package io.adapt4j.core.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What the machine's processor can do. */
public final class Processor {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** The names Linux gives the bfloat16 instructions of x86-64 (two sets) and AArch64. */
  private static final Set<String> BF16_FLAGS = Set.of("avx512_bf16", "amx_bf16", "bf16");

  private Processor() {}

  /**
   * Tells whether the processor multiplies bfloat16 natively. Without it, bfloat16 saves memory but
   * no time.
   *
   * @return what Linux reports; false on other systems
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
