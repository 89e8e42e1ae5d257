package io.adapt4j.qlora;

import io.adapt4j.kernels.internal.cuda.Capability;
import io.adapt4j.kernels.internal.cuda.Device;
import io.adapt4j.kernels.internal.cuda.Kernel;
import java.nio.ByteBuffer;

/** Counts what another device is asked to do. */
final class CountingDevice implements Device {

  private final Device device;
  private int transfers;
  private int allocations;
  private int launches;

  CountingDevice(Device device) {
    this.device = device;
  }

  /** Starts counting again. */
  void reset() {
    transfers = 0;
    allocations = 0;
    launches = 0;
  }

  int transfers() {
    return transfers;
  }

  int allocations() {
    return allocations;
  }

  int launches() {
    return launches;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public Capability capability() {
    return device.capability();
  }

  @Override
  public long allocate(long bytes) {
    allocations++;
    return device.allocate(bytes);
  }

  @Override
  public void free(long address) {
    device.free(address);
  }

  @Override
  public void upload(ByteBuffer source, long target) {
    transfers++;
    device.upload(source, target);
  }

  @Override
  public void download(long source, ByteBuffer target) {
    transfers++;
    device.download(source, target);
  }

  @Override
  public void launch(Kernel kernel, int columns, int rows, long... arguments) {
    launches++;
    device.launch(kernel, columns, rows, arguments);
  }
}
