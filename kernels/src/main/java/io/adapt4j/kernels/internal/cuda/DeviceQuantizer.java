package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;

/** Quantizes what is in a device's memory. */
public final class DeviceQuantizer {

  private DeviceQuantizer() {}

  /**
   * Quantizes numbers in blocks, of which the last may be short.
   *
   * @param device where they are
   * @param type of the numbers: F32, F16 or BF16
   * @param values their address
   * @param count how many
   * @param blockSize weights that share a scale: a power of two of at least 2
   * @param numbers what the 16 codes mean, ascending unless {@code fp4}
   * @param fp4 whether codes are those of FP4 instead of the nearest numbers
   * @param packed takes (count + 1) / 2 bytes
   * @param absmax takes a float for each block
   */
  public static void quantize(
      Device device,
      DType type,
      long values,
      long count,
      int blockSize,
      float[] numbers,
      boolean fp4,
      long packed,
      long absmax) {
    long size = (long) blockSize * Kernel.QUANTIZED_BLOCKS;
    int blocks = Math.toIntExact((count + size - 1) / size);
    try (DeviceBuffer table = DeviceBuffer.of(device, numbers)) {
      device.launch(
          Kernel.quantize(type),
          blocks,
          1,
          values,
          count,
          packed,
          absmax,
          table.address(),
          Integer.numberOfTrailingZeros(blockSize),
          fp4 ? 1 : 0);
    }
  }
}
