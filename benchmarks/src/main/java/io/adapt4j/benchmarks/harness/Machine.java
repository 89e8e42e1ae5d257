package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.ProcessMemory;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Facts about the machine and the process, as Linux and the JVM give them. */
public final class Machine {

  private static final Pattern MEASURED_JAR =
      Pattern.compile("(pytorch-native|pytorch-jni|pytorch-engine).*\\.jar");

  private Machine() {}

  /** Returns the context of every result. */
  static Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "processor",
        "%s, %d logical processors, %s"
            .formatted(
                Processor.name(),
                Runtime.getRuntime().availableProcessors(),
                Processor.hasBf16() ? "bfloat16 instructions" : "no bfloat16 instructions"));
    facts.put("engine threads", String.valueOf(Torch.threads()));
    facts.put(
        "JDK", System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("libraries", libraries());
    return facts;
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
  public static long peakResident() {
    return ProcessMemory.peak().orElseThrow(Machine::unknown);
  }

  /** Resets {@link #peakResident}. */
  public static void resetPeakResident() {
    try {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    } catch (IOException e) {
      throw new UncheckedIOException("The peak of RSS cannot be reset here", e);
    }
  }

  /** Returns the process's current RSS in bytes. */
  public static long resident() {
    return ProcessMemory.resident().orElseThrow(Machine::unknown);
  }

  private static IllegalStateException unknown() {
    return new IllegalStateException("Resident memory is known on Linux only");
  }

  /** Returns the bytes that a line of a file of Linux gives in kB. */
  public static long number(Path file, String field) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
              .filter(line -> line.startsWith(field + ":"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException(file + " has no " + field))
          * 1024;
    } catch (IOException e) {
      throw new IllegalStateException("Memory is read from " + file + ", which only Linux has", e);
    }
  }
}
