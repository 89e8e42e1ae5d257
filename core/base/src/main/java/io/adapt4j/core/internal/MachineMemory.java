package io.adapt4j.core.internal;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Memory of this machine, and the limit that Linux control groups set on this process. */
public final class MachineMemory {

  private static final String V2 = "0::";
  private static final String V1 = ":memory:";

  private MachineMemory() {}

  /** Returns the bytes installed. */
  public static long installed() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getTotalMemorySize();
  }

  /** Returns the bytes that this process may use: those installed, or less by a control group. */
  public static long available() {
    return Math.min(installed(), limit(Path.of("/")));
  }

  /**
   * Reads the smallest limit of the process's group and its parents, of cgroup v1 or v2.
   *
   * @return bytes; {@link Long#MAX_VALUE} without a limit or outside of Linux
   */
  public static long limit(Path root) {
    Path groups = root.resolve("proc/self/cgroup");
    if (!Files.isReadable(groups)) {
      return Long.MAX_VALUE;
    }
    try (Stream<String> lines = Files.lines(groups)) {
      return lines.mapToLong(line -> limitOf(root, line)).min().orElse(Long.MAX_VALUE);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  private static long limitOf(Path root, String line) {
    if (line.startsWith(V2)) {
      return smallest(root.resolve("sys/fs/cgroup"), line.substring(V2.length()), "memory.max");
    }
    int at = line.indexOf(V1);
    return at < 0
        ? Long.MAX_VALUE
        : smallest(
            root.resolve("sys/fs/cgroup/memory"),
            line.substring(at + V1.length()),
            "memory.limit_in_bytes");
  }

  /** In a container the group's own path may not be visible: then the mount itself is used. */
  private static long smallest(Path mount, String group, String file) {
    Path at = mount.resolve(group.substring(1)).normalize();
    long smallest = Long.MAX_VALUE;
    while (at != null && at.startsWith(mount)) {
      smallest = Math.min(smallest, read(at.resolve(file)));
      at = at.getParent();
    }
    return smallest;
  }

  private static long read(Path file) {
    try {
      String text = Files.readString(file).strip();
      return text.matches("\\d{1,18}") ? Long.parseLong(text) : Long.MAX_VALUE;
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }
}
