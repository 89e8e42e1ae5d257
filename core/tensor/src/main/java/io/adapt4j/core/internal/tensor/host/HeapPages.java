package io.adapt4j.core.internal.tensor.host;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Huge pages for the heaps of glibc's allocator, where Linux grants them on request ({@code
 * madvise}): memory returned to the system is then faulted in again 2 MiB at a time instead of 4
 * KiB. Thread heaps are 64 MiB each, aligned to their size, and are found in the process's memory
 * map. Not thread safe.
 */
final class HeapPages {

  private static final long HEAP = 64L << 20;

  /** {@code MADV_HUGEPAGE} on Linux. */
  private static final int MADV_HUGEPAGE = 14;

  /** An anonymous, private, writable mapping. */
  private static final Pattern ANONYMOUS =
      Pattern.compile("([0-9a-f]+)-[0-9a-f]+ rw-p 00000000 00:00 0\\s*");

  private static final Path MAPS = Path.of("/proc/self/maps");

  private final Optional<Function> advice = find();
  private final Set<Long> advised = new HashSet<>();

  private static Optional<Function> find() {
    try {
      return Optional.of(NativeLibrary.getProcess().getFunction("madvise"));
    } catch (RuntimeException | LinkageError e) {
      return Optional.empty();
    }
  }

  /** Requests huge pages in new heaps. Does nothing if the memory map cannot be read. */
  void advise() {
    if (advice.isEmpty()) {
      return;
    }
    try (Stream<String> lines = Files.lines(MAPS)) {
      lines.forEach(this::advise);
    } catch (IOException | RuntimeException e) {
      // Without huge pages everything works, only slower.
      return;
    }
  }

  private void advise(String mapping) {
    Matcher matcher = ANONYMOUS.matcher(mapping);
    if (matcher.matches()) {
      long start = Long.parseUnsignedLong(matcher.group(1), 16);
      if (start % HEAP == 0 && advised.add(start)) {
        // This also covers the part of a heap that is not in use yet.
        advice
            .get()
            .invokeInt(new Object[] {new Pointer(start), new NativeLong(HEAP), MADV_HUGEPAGE});
      }
    }
  }
}
