package io.adapt4j.core.internal.train;

import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.internal.ProcessMemory;
import io.adapt4j.core.train.ResourceUse;
import java.lang.management.ManagementFactory;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Measures what this process uses; takes some tens of microseconds. */
final class ResourceMeter {

  private ResourceMeter() {}

  /** Processor time of the process so far in nanoseconds; negative if it is not known. */
  static long processorNanos() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : -1;
  }

  /** Measures at the end of a span of time. */
  static ResourceUse use(long processorNanosBefore, long nanos) {
    Runtime runtime = Runtime.getRuntime();
    return new ResourceUse(
        OptionalLong.of(runtime.totalMemory() - runtime.freeMemory()),
        ProcessMemory.resident(),
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
}
