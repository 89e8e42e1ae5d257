package io.adapt4j.core.internal.tensor;

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
 * Huge pages for the heaps of glibc's allocator, where Linux gives them to those that ask: memory
 * that was given back is then taken again 2 MiB at a time instead of 4 KiB. The heaps of threads
 * are 64 MiB each, begin at a multiple of that, and are found in the process's own map. Not thread
 * safe.
 */
final class HeapPages {

  private static final long HEAP = 64L << 20;

  /** Linux's number of this advice. */
  private static final int MADV_HUGEPAGE = 14;

  /** A mapping of private, writable memory without a file. */
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

  /** Asks for huge pages in heaps that are new. Does nothing where the map cannot be read. */
  void advise() {
    if (advice.isEmpty()) {
      return;
    }
    try (Stream<String> lines = Files.lines(MAPS)) {
      lines.forEach(this::advise);
    } catch (IOException | RuntimeException e) {
      // No huge pages then: that costs time and nothing else.
      return;
    }
  }

  private void advise(String mapping) {
    Matcher matcher = ANONYMOUS.matcher(mapping);
    if (matcher.matches()) {
      long start = Long.parseUnsignedLong(matcher.group(1), 16);
      if (start % HEAP == 0 && advised.add(start)) {
        // The part of a heap that is not in use yet is advised with it.
        advice
            .get()
            .invokeInt(new Object[] {new Pointer(start), new NativeLong(HEAP), MADV_HUGEPAGE});
      }
    }
  }
}
