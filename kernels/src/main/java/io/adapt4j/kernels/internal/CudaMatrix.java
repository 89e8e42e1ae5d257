package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.Device;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import io.adapt4j.kernels.internal.cuda.DeviceWeight;
import io.adapt4j.kernels.internal.cuda.QuantizedWeight;
import java.util.List;
import java.util.function.Predicate;

/**
 * A 4-bit weight in the memory of a CUDA device. Tensors on the device are used in place; those in
 * host memory are copied there and back.
 */
final class CudaMatrix implements FourBitMatrix {

  private final Device device;
  private final int rows;
  private final int columns;
  private final DeviceWeight weight;
  private final Predicate<Tensor> inPlace;

  CudaMatrix(Device device, QuantizedTensor tensor, Predicate<Tensor> inPlace) {
    this.device = device;
    this.inPlace = inPlace;
    this.rows = tensor.rows();
    this.columns = tensor.columns();
    this.weight = upload(device, tensor);
  }

  static DeviceWeight upload(Device device, QuantizedTensor tensor) {
    return new DeviceWeight(
        device,
        new QuantizedWeight(
            tensor.rows(),
            tensor.columns(),
            tensor.format().blockSize(),
            tensor.packed(),
            tensor.numbers(),
            scales(tensor.scales())));
  }

  private static QuantizedWeight.BlockScales scales(Scales scales) {
    if (scales instanceof NestedScales nested && Integer.bitCount(nested.blockSize()) == 1) {
      return new QuantizedWeight.BlockScales(
          nested.absmax(), nested.codes(), nested.numbers(), nested.blockSize(), nested.offset());
    }
    float[] values = new float[scales.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = scales.of(i);
    }
    return QuantizedWeight.BlockScales.plain(values);
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public boolean holdsCodes() {
    return true;
  }

  @Override
  public long bytes() {
    return weight.bytes();
  }

  @Override
  public void dequantize(Tensor target) {
    requireType(target, DType.F32, DType.F16, DType.BF16);
    if (inPlace.test(target)) {
      weight.dequantize(target.type(), target.address());
      return;
    }
    try (DeviceBuffer values = bufferFor(target)) {
      weight.dequantize(target.type(), values.address());
      device.download(values.address(), target.data());
    }
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    requireType(x, DType.F32, DType.F16, DType.BF16);
    requireType(y, x.type());
    boolean onDevice = inPlace.test(x);
    if (onDevice != inPlace.test(y)) {
      throw new IllegalArgumentException("x and y: expected both on CUDA or neither");
    }
    int n = Math.toIntExact(x.count() / columns);
    int stride = Math.toIntExact(y.size(-1));
    if (onDevice) {
      weight.multiply(x.type(), x.address(), n, y.address(), first, stride);
      return;
    }
    try (DeviceBuffer input = bufferFor(x);
        DeviceBuffer output = bufferFor(y)) {
      device.upload(x.data(), input.address());
      device.upload(y.data(), output.address());
      weight.multiply(x.type(), input.address(), n, output.address(), first, stride);
      device.download(output.address(), y.data());
    }
  }

  private DeviceBuffer bufferFor(Tensor tensor) {
    return new DeviceBuffer(device, tensor.count() * tensor.type().bytes());
  }

  private static void requireType(Tensor tensor, DType... types) {
    for (DType type : types) {
      if (tensor.type() == type) {
        return;
      }
    }
    throw new IllegalArgumentException(
        "type: expected one of %s, found %s".formatted(List.of(types), tensor.type()));
  }

  @Override
  public boolean multipliesFaster(long n) {
    return weight.multipliesFaster(DType.BF16, n);
  }

  @Override
  public void close() {
    weight.close();
  }
}
