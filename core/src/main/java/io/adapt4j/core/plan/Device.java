package io.adapt4j.core.plan;

import io.adapt4j.core.internal.tensor.Engine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * Where a run is to take place, and how much memory is there.
 *
 * @param name what to call it
 * @param bytes its memory
 * @param kind whether the memory is the machine's or a GPU's
 */
public record Device(String name, long bytes, Kind kind) {

  /** What the memory belongs to. */
  public enum Kind {
    /** The machine: the process with its Java heap has to fit as well. */
    CPU,
    /** A GPU: the Java heap stays outside, the driver's context comes in. */
    GPU
  }

  /**
   * Checks the size.
   *
   * @param name what to call it
   * @param bytes its memory, above 0
   * @param kind what the memory belongs to
   * @throws IllegalArgumentException if there is no memory
   */
  public Device {
    if (bytes <= 0) {
      throw new IllegalArgumentException(
          "device '" + name + "': its memory must be above 0 bytes, found " + bytes);
    }
  }

  /**
   * Describes this machine: its memory, or less where a control group limits this process.
   *
   * @return the machine
   */
  public static Device machine() {
    long installed =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getTotalMemorySize();
    long limit = CgroupMemory.limit(Path.of("/"));
    return limit < installed
        ? new Device("this machine, limited by its control group", limit, Kind.CPU)
        : new Device("this machine", installed, Kind.CPU);
  }

  /**
   * Describes where tensors are made: the GPU with {@code adapt4j.device=cuda}, else this machine.
   *
   * @return the first CUDA device if tensors are made there and its driver tells of it; otherwise
   *     {@link #machine}
   */
  public static Device current() {
    return Engine.current()
        .card()
        .map(card -> gpu(card.name(), card.bytes()))
        .orElseGet(Device::machine);
  }

  /**
   * Describes memory of a machine.
   *
   * @param name what to call it
   * @param bytes its memory
   * @return the device
   */
  public static Device cpu(String name, long bytes) {
    return new Device(name, bytes, Kind.CPU);
  }

  /**
   * Describes a GPU. Predictions for one are formulas: the bytes of all tensors, and an allowance
   * for the driver's context.
   *
   * @param name what to call it, such as {@code 48 GB}
   * @param bytes its memory
   * @return the device
   */
  public static Device gpu(String name, long bytes) {
    return new Device(name, bytes, Kind.GPU);
  }
}
