package io.adapt4j.core.internal.train;

import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.internal.ProcessMemory;
import io.adapt4j.core.train.ResourceUse;
import java.lang.management.ManagementFactory;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Measures the resource use of this process. A measurement takes some tens of microseconds. */
final class ResourceMeter {

  private ResourceMeter() {}

  /** Returns the CPU time of the process in nanoseconds; negative if unknown. */
  static long processorNanos() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : -1;
  }

  /** Returns the resource use over the last {@code nanos} nanoseconds. */
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

  /** Returns the CPU share, capped at 1 because CPU and wall clocks differ slightly. */
  static OptionalDouble share(long before, long after, double available) {
    return before < 0 || after < before || available <= 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.min(1, (after - before) / available));
  }
}
