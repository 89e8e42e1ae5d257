package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Device memory with a single owner, in multiples of 16 bytes. Closing twice is harmless. */
public final class DeviceBuffer implements AutoCloseable {

  private static final int UNIT = 16;

  private final Device device;
  private final long bytes;
  private long address;

  /** Allocates memory. */
  public DeviceBuffer(Device device, long bytes) {
    this.device = device;
    this.bytes = Math.max(1, (bytes + UNIT - 1) / UNIT) * UNIT;
    this.address = device.allocate(this.bytes);
  }

  /** Creates a buffer with a copy of bytes. */
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

  /** Creates a buffer with a copy of floats. */
  static DeviceBuffer of(Device device, float[] numbers) {
    ByteBuffer content =
        ByteBuffer.allocateDirect(numbers.length * Float.BYTES).order(ByteOrder.nativeOrder());
    content.asFloatBuffer().put(numbers);
    return of(device, content);
  }

  /** Returns its address. */
  public long address() {
    if (address == 0) {
      throw new IllegalStateException("This memory has been freed");
    }
    return address;
  }

  /** Returns its size in bytes, a multiple of 16. */
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
