package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * A device that runs {@linkplain Kernel kernels}. Addresses are the device's own. What is launched
 * runs in the order of the calls, that of libtorch's default stream included; uploads and downloads
 * take part in this order and return when they are done. Thread-safe.
 */
public interface Device {

  /** {@return what log lines call it} */
  String name();

  /** Returns what it can do. */
  Capability capability();

  /** Allocates memory. */
  long allocate(long bytes);

  /** Frees memory. */
  void free(long address);

  /**
   * Copies to the device.
   *
   * @param source its remaining bytes; its position stays
   * @param target address of as many bytes
   */
  void upload(ByteBuffer source, long target);

  /**
   * Copies from the device.
   *
   * @param source address of as many bytes as the target has remaining
   */
  void download(long source, ByteBuffer target);

  /** Runs a kernel. */
  void launch(Kernel kernel, int columns, int rows, long... arguments);
}
