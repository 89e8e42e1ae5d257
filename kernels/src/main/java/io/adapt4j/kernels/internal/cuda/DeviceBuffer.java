package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory of a device with one owner, in whole 16 bytes. Closing twice is harmless. */
public final class DeviceBuffer implements AutoCloseable {

  private static final int UNIT = 16;

  private final Device device;
  private final long bytes;
  private long address;

  /**
   * Allocates memory.
   *
   * @param bytes how much; rounded up to whole 16 bytes, of which there is at least one
   */
  public DeviceBuffer(Device device, long bytes) {
    this.device = device;
    this.bytes = Math.max(1, (bytes + UNIT - 1) / UNIT) * UNIT;
    this.address = device.allocate(this.bytes);
  }

  /** Memory that holds a copy of bytes. */
  static DeviceBuffer of(Device device, ByteBuffer content) {
    DeviceBuffer buffer = new DeviceBuffer(device, content.remaining());
    try {
      device.upload(content, buffer.address);
      return buffer;
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
  }

  /** Memory that holds a copy of numbers. */
  static DeviceBuffer of(Device device, float[] numbers) {
    ByteBuffer content =
        ByteBuffer.allocateDirect(numbers.length * Float.BYTES).order(ByteOrder.nativeOrder());
    content.asFloatBuffer().put(numbers);
    return of(device, content);
  }

  /** Returns where it is. */
  public long address() {
    if (address == 0) {
      throw new IllegalStateException("This memory has been freed");
    }
    return address;
  }

  /**
   * Returns its size.
   *
   * @return bytes, a multiple of 16
   */
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (address != 0) {
      device.free(address);
      address = 0;
    }
  }
}
