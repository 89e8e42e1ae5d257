package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;

/** Quantizes values in a device's memory. */
public final class DeviceQuantizer {

  private DeviceQuantizer() {}

  /**
   * Quantizes values in blocks, of which the last may be short.
   *
   * @param numbers values of the 16 codes, ascending unless {@code fp4}
   * @param packed receives (count + 1) / 2 bytes
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
