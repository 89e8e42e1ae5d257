package io.adapt4j.qlora.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;

/** Quantises what is in a device's memory. */
public final class DeviceQuantiser {

  private DeviceQuantiser() {}

  /**
   * Quantises numbers in blocks, of which the last may be short.
   *
   * @param device where they are
   * @param type of the numbers: F32, F16 or BF16
   * @param values their address
   * @param count how many
   * @param blockSize weights that share a scale: a power of two of at least 2
   * @param numbers what the 16 codes mean, rising unless {@code fp4}
   * @param fp4 whether codes are those of FP4 instead of the nearest numbers
   * @param packed takes (count + 1) / 2 bytes
   * @param absmax takes a float for each block
   */
  public static void quantise(
      Device device,
      DType type,
      long values,
      long count,
      int blockSize,
      float[] numbers,
      boolean fp4,
      long packed,
      long absmax) {
    long size = (long) blockSize * Kernel.QUANTISED_BLOCKS;
    int blocks = Math.toIntExact((count + size - 1) / size);
    try (DeviceBuffer table = DeviceBuffer.of(device, numbers)) {
      device.launch(
          Kernel.quantise(type),
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
