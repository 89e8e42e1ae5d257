package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Systems and file systems that native libraries cannot run on, and what to use instead. */
public final class NativePlatform {

  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Path MOUNTS = Path.of("/proc/self/mounts");

  /** Names of 32-bit processors in {@code os.arch}. */
  private static final Set<String> NARROW = Set.of("x86", "i386", "i486", "i586", "i686", "arm");

  private NativePlatform() {}

  /** Returns why libtorch cannot run in this process, if that is known. */
  public static Optional<String> problem() {
    return problem(
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        lines(MAPS),
        lines(PROCESSORS));
  }

  /** Returns why libtorch cannot run, from Linux's descriptions of the process and processors. */
  static Optional<String> problem(
      String name, String processor, List<String> maps, List<String> processors) {
    String system = name.toLowerCase(Locale.ROOT);
    if (NARROW.contains(processor)) {
      return Optional.of(
          "libtorch needs a 64-bit JDK, and this one is for " + processor + ". Use a 64-bit JDK");
    }
    if (system.startsWith("mac") && !processor.equals("aarch64")) {
      return Optional.of(
          "libtorch is no longer built for Macs with Intel processors. Use a Mac with Apple"
              + " silicon (and a JDK for it), or Linux or Windows on x86-64; on this Mac a Linux"
              + " container works");
    }
    if (system.startsWith("win") && processor.equals("aarch64")) {
      return Optional.of(
          "libtorch is not built for Windows on ARM. Use a JDK for x86-64, which Windows emulates");
    }
    if (maps.stream().anyMatch(NativePlatform::isMusl)) {
      return Optional.of(
          "libtorch and the tokenizers are built for glibc, and this system has musl (Alpine"
              + " Linux). Use an image with glibc, such as one of Debian or Ubuntu");
    }
    if (processors.stream().anyMatch(NativePlatform::hasNoAtomics)) {
      return Optional.of(
          "libtorch needs an ARM processor of Armv8.1 or later, and this one has no atomic"
              + " instructions (atomics in /proc/cpuinfo), as in a Raspberry Pi 4. Use a later"
              + " one, such as a Raspberry Pi 5");
    }
    return Optional.empty();
  }

  /** Without them DJL's native layer ends the process by an illegal instruction. */
  private static boolean hasNoAtomics(String line) {
    return line.startsWith("Features")
        && line.contains(" asimd")
        && !List.of(line.split("\\s+", -1)).contains("atomics");
  }

  private static boolean isMusl(String mapping) {
    return mapping.contains("/ld-musl-") || mapping.contains("/libc.musl-");
  }

  /**
   * Returns whether the file system of a folder is mounted {@code noexec}, as far as Linux says.
   */
  static boolean isNoExec(Path folder) {
    try {
      return isNoExec(folder.toRealPath(), lines(MOUNTS));
    } catch (IOException e) {
      return false;
    }
  }

  static boolean isNoExec(Path folder, List<String> mounts) {
    int deepest = -1;
    boolean found = false;
    for (String line : mounts) {
      String[] fields = line.split(" ", -1);
      if (fields.length >= 4) {
        Path at = Path.of(unescaped(fields[1]));
        // Of two mounts on one folder the later one is seen.
        if (folder.startsWith(at) && at.getNameCount() >= deepest) {
          deepest = at.getNameCount();
          found = List.of(fields[3].split(",")).contains("noexec");
        }
      }
    }
    return found;
  }

  private static String unescaped(String field) {
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
  }

  private static List<String> lines(Path file) {
    if (!Files.isReadable(file)) {
      return List.of();
    }
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return List.of();
    }
  }
}
