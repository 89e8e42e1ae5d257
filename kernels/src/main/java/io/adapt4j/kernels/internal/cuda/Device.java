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

  /**
   * Returns what it can do.
   *
   * @return its compute capability
   */
  Capability capability();

  /**
   * Allocates memory.
   *
   * @param bytes how much, more than 0
   * @return its address, a multiple of 16
   * @throws CudaException if there is not so much; the message has the numbers
   */
  long allocate(long bytes);

  /**
   * Frees memory.
   *
   * @param address what {@link #allocate} returned
   */
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
   * @param target takes them; its position stays
   */
  void download(long source, ByteBuffer target);

  /**
   * Runs a kernel.
   *
   * @param kernel which
   * @param columns blocks along the first dimension of the grid
   * @param rows blocks along the second, at most 65535
   * @param arguments as the kernel takes them: addresses and integers as they are, floats as their
   *     bits
   */
  void launch(Kernel kernel, int columns, int rows, long... arguments);
}
