package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * A device that runs {@linkplain Kernel kernels}. Addresses are device addresses. Launches run in
 * call order, together with libtorch's default stream; uploads and downloads follow the same order
 * and are synchronous. Thread-safe.
 */
public interface Device {

  /** {@return its name in log lines} */
  String name();

  /** Returns its compute capability. */
  Capability capability();

  /** Allocates memory. */
  long allocate(long bytes);

  /** Frees memory. */
  void free(long address);

  /**
   * Copies to the device.
   *
   * @param source its remaining bytes; its position is unchanged
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
