package io.adapt4j.core.plan;

import io.adapt4j.core.internal.MachineMemory;
import io.adapt4j.core.internal.tensor.Engine;

/**
 * The device of a run and its memory.
 *
 * @param name display name
 * @param bytes size of its memory
 * @param kind whether the memory is the host's or a GPU's
 */
public record Device(String name, long bytes, Kind kind) {

  /** Kinds of devices. */
  public enum Kind {
    /** The host: the process with its Java heap must fit as well. */
    CPU,
    /** A GPU: the Java heap is elsewhere, but the driver's context counts. */
    GPU
  }

  /** Checks the size. Throws {@link IllegalArgumentException} if the size is not above 0. */
  public Device {
    if (bytes <= 0) {
      throw new IllegalArgumentException(
          "device '" + name + "': its memory must be above 0 bytes, found " + bytes);
    }
  }

  /**
   * Describes this machine: its memory, or less if a control group limits this process.
   *
   * @return the machine
   */
  public static Device machine() {
    long installed = MachineMemory.installed();
    long available = MachineMemory.available();
    return available < installed
        ? new Device("this machine, limited by its control group", available, Kind.CPU)
        : new Device("this machine", installed, Kind.CPU);
  }

  /**
   * Describes the current device: the GPU with {@code adapt4j.device=cuda}, else this machine.
   *
   * @return the first CUDA device if it is used and its driver reports it; otherwise {@link
   *     #machine}
   */
  public static Device current() {
    return Engine.current()
        .card()
        .map(card -> gpu(card.name(), card.bytes()))
        .orElseGet(Device::machine);
  }

  /**
   * Describes a host with a given memory.
   *
   * @return the device
   */
  public static Device cpu(String name, long bytes) {
    return new Device(name, bytes, Kind.CPU);
  }

  /**
   * Describes a GPU. Its predictions are computed: the bytes of all tensors, and an allowance for
   * the driver's context.
   *
   * @param name display name, such as {@code 48 GB}
   * @return the device
   */
  public static Device gpu(String name, long bytes) {
    return new Device(name, bytes, Kind.GPU);
  }
}
