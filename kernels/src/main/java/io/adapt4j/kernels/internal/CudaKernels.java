package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.CudaDevice;
import io.adapt4j.kernels.internal.cuda.Device;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import io.adapt4j.kernels.internal.cuda.DeviceQuantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Predicate;

/**
 * 4-bit kernels on a CUDA device. Matrices reside in its memory; weights requested in host memory
 * are dequantized by {@link JavaKernels}, since the transfer costs more than the arithmetic.
 */
public final class CudaKernels implements FourBitKernels {

  static final String NAME = "cuda";

  private final Device device;
  private final Predicate<Tensor> inPlace;

  /**
   * Creates kernels for a device. CUDA tensors are used in place, others are copied there and back.
   */
  public CudaKernels(Device device) {
    this(device, Tensor::isOnCuda);
  }

  public CudaKernels(Device device, Predicate<Tensor> inPlace) {
    this.device = device;
    this.inPlace = inPlace;
  }

  /** Opens the first device, regardless of where tensors are. */
  static CudaKernels open() {
    return new CudaKernels(CudaDevice.open());
  }

  /** Opens the device that the engine's tensors are on. */
  static CudaKernels openForTensors() {
    try (Tensor probe = Tensor.empty(DType.U8, 1)) {
      if (!probe.isOnCuda()) {
        throw new IllegalStateException("the engine's tensors are in host memory");
      }
    }
    return open();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean quantize(
      FourBitFormat format,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    int bytes = (int) QuantizedTensor.packedBytes(count);
    int blocks = (int) format.blocks(count);
    float[] decoded = new float[count];
    StoredFloats.decode(
        type, values.duplicate().order(ByteOrder.LITTLE_ENDIAN).rewind(), decoded, count);
    if (StoredFloats.firstNotFinite(decoded, count) >= 0) {
      return false;
    }
    ByteBuffer input = floats(count);
    input.asFloatBuffer().put(decoded);
    try (DeviceBuffer source = new DeviceBuffer(device, (long) count * Float.BYTES);
        DeviceBuffer codes = new DeviceBuffer(device, bytes);
        DeviceBuffer scales = new DeviceBuffer(device, (long) blocks * Float.BYTES)) {
      device.upload(input, source.address());
      DeviceQuantizer.quantize(
          device,
          DType.F32,
          source.address(),
          count,
          format.blockSize(),
          format.code().numbers(),
          format.code() == FourBitCode.FP4,
          codes.address(),
          scales.address());
      device.download(codes.address(), packed.slice().limit(bytes));
      ByteBuffer found = floats(blocks);
      device.download(scales.address(), found);
      found.asFloatBuffer().get(absmax, block, blocks);
    }
    packed.position(packed.position() + bytes);
    return true;
  }

  private static ByteBuffer floats(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder());
  }

  @Override
  public void dequantize(QuantizedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantize(tensor, first, target, count);
  }

  @Override
  public FourBitMatrix matrix(QuantizedTensor tensor) {
    return new CudaMatrix(device, tensor, inPlace);
  }
}
