package io.adapt4j.benchmarks;

import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Facts about the machine and the process, as Linux and the JVM give them. */
final class Machine {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern MEASURED_JAR =
      Pattern.compile("(pytorch-native|pytorch-jni|pytorch-engine).*\\.jar");

  private Machine() {}

  /** Adds the context of every result. */
  static void describe(Report report) {
    report.line(
        "processor",
        "%s, %d logical processors, %s",
        Processor.name(),
        Runtime.getRuntime().availableProcessors(),
        Processor.hasBf16() ? "bfloat16 instructions" : "no bfloat16 instructions");
    report.line("engine threads", "%d", Torch.threads());
    report.line(
        "JDK", "%s (%s)", System.getProperty("java.version"), System.getProperty("java.vendor"));
    report.line("system", "%s %s", System.getProperty("os.name"), System.getProperty("os.version"));
    report.line("libraries", "%s", libraries());
  }

  private static String libraries() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> String.valueOf(Path.of(entry).getFileName()))
        .filter(name -> MEASURED_JAR.matcher(name).matches())
        .map(name -> name.substring(0, name.length() - ".jar".length()))
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /** Returns the process's peak RSS in bytes. */
  static long peakResident() {
    return status("VmHWM");
  }

  /** Resets {@link #peakResident}. */
  static void resetPeakResident() {
    try {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    } catch (IOException e) {
      throw new UncheckedIOException("The peak of RSS cannot be reset here", e);
    }
  }

  /** Returns the process's current RSS in bytes. */
  static long resident() {
    return status("VmRSS");
  }

  /**
   * Describes the parts of the RSS: the Java heap, which is below 32 GB in the address space,
   * files, and other mapped or allocated memory.
   */
  static String residentParts() {
    long heap = 0;
    long files = 0;
    long arenas = 0;
    long other = 0;
    long start = 0;
    long size = 0;
    boolean file = false;
    for (String line : lines(Path.of("/proc/self/smaps")).toList()) {
      Matcher mapping = MAPPING.matcher(line);
      if (mapping.matches()) {
        start = Long.parseUnsignedLong(mapping.group(1), 16);
        size = Long.parseUnsignedLong(mapping.group(2), 16) - start;
        file = mapping.group(3).startsWith("/") || mapping.group(3).equals("[heap]");
      } else if (line.startsWith("Rss:")) {
        long bytes = 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        if (!file && start < COMPRESSED) {
          heap += bytes;
        } else if (file) {
          files += bytes;
        } else if (size < ARENA || start % ARENA == 0) {
          arenas += bytes;
        } else {
          other += bytes;
        }
      }
    }
    return "Java heap %.0f, files and brk %.0f, small mappings and arenas %.0f, large ones %.0f"
        .formatted(heap / 1e6, files / 1e6, arenas / 1e6, other / 1e6);
  }

  private static final Pattern MAPPING =
      Pattern.compile("([0-9a-f]+)-([0-9a-f]+) \\S+ \\S+ \\S+ \\S+ *(.*)");
  private static final long COMPRESSED = 1L << 35;
  private static final long ARENA = 64L << 20;

  private static long status(String field) {
    return lines(STATUS)
            .filter(line -> line.startsWith(field + ":"))
            .map(line -> line.replaceAll("\\D", ""))
            .mapToLong(Long::parseLong)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "Resident memory is read from " + STATUS + ", which only Linux has"))
        * 1024;
  }

  private static Stream<String> lines(Path file) {
    if (!Files.isReadable(file)) {
      return Stream.empty();
    }
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
      return lines.stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
