package io.adapt4j.core.train;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Measures what this process uses; takes some tens of microseconds. */
final class ResourceMeter {

  /** Unlike {@code statm}, it counts in kB whatever the page size. */
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final String RESIDENT = "VmRSS:";

  private ResourceMeter() {}

  /** Processor time of the process so far in nanoseconds; negative if it is not known. */
  static long processorNanos() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : -1;
  }

  /**
   * Measures at the end of a span of time.
   *
   * @param processorNanosBefore {@link #processorNanos} at its beginning
   * @param nanos its length
   */
  static ResourceUse use(long processorNanosBefore, long nanos) {
    Runtime runtime = Runtime.getRuntime();
    return new ResourceUse(
        OptionalLong.of(runtime.totalMemory() - runtime.freeMemory()),
        residentBytes(),
        share(
            processorNanosBefore,
            processorNanos(),
            (double) nanos * runtime.availableProcessors()));
  }

  /** The clocks of the process and of the wall differ a little, so a full share is capped. */
  static OptionalDouble share(long before, long after, double available) {
    return before < 0 || after < before || available <= 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.min(1, (after - before) / available));
  }

  private static OptionalLong residentBytes() {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return residentBytes(Files.readString(STATUS));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** Reads the resident size from the text of a {@code status} file, such as {@code 2048 kB}. */
  static OptionalLong residentBytes(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith(RESIDENT))
        .map(line -> line.replaceAll("\\D", ""))
        .filter(digits -> !digits.isEmpty())
        .mapToLong(digits -> 1024 * Long.parseLong(digits))
        .findFirst();
  }
}
