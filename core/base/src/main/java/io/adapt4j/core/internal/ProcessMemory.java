package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Memory of this process as reported by Linux. A reading takes some tens of microseconds. */
public final class ProcessMemory {

  /** Unlike {@code statm}, it counts in kB regardless of the page size. */
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final String RESIDENT = "VmRSS:";
  private static final String PEAK = "VmHWM:";
  private static final long KIB = 1024;

  private ProcessMemory() {}

  /** Returns the current resident set size (RSS) in bytes; empty on other systems. */
  public static OptionalLong resident() {
    return read(RESIDENT);
  }

  public static OptionalLong peak() {
    return read(PEAK);
  }

  private static OptionalLong read(String field) {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return find(Files.readString(STATUS, StandardCharsets.ISO_8859_1), field);
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** Reads a field of the text of a {@code status} file, such as {@code VmRSS: 2048 kB}. */
  static OptionalLong find(String status, String field) {
    return status
        .lines()
        .filter(line -> line.startsWith(field))
        .map(line -> line.replaceAll("\\D", ""))
        .filter(digits -> !digits.isEmpty())
        .mapToLong(digits -> KIB * Long.parseLong(digits))
        .findFirst();
  }
}
