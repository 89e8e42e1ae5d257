package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.CudaDevice;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** What {@link CudaBindingTest} runs in its own JVM; prints what it finds. */
final class CudaBindingProgram {

  private CudaBindingProgram() {}

  public static void main(String[] args) {
    CudaDevice device = CudaDevice.open();
    System.out.println("device: " + device.name() + " " + device.capability());
    CudaKernels kernels = new CudaKernels(device);
    quantize(kernels);
    try (FourBitMatrix matrix = kernels.matrix(RandomWeights.matrix(FourBitCases.NF4, 24, 96));
        FourBitMatrix reference =
            JavaKernels.INSTANCE.matrix(RandomWeights.matrix(FourBitCases.NF4, 24, 96))) {
      restore(matrix, reference);
      multiply(matrix, reference);
    }
    device.synchronize();
    try (DeviceBuffer tooLarge = new DeviceBuffer(device, 1L << 40)) {
      System.out.println("allocated " + tooLarge.bytes());
    } catch (RuntimeException e) {
      System.out.println("memory: " + e.getMessage());
    }
  }

  private static void quantize(CudaKernels kernels) {
    ByteBuffer values = FourBitCases.stored(StoredType.F32, RandomWeights.normal(1000, 3));
    ByteBuffer[] packed = {ByteBuffer.allocate(500), ByteBuffer.allocate(500)};
    float[][] scales = {new float[16], new float[16]};
    FourBitKernels[] both = {kernels, JavaKernels.INSTANCE};
    for (int i = 0; i < both.length; i++) {
      both[i].quantize(FourBitCases.FP4, StoredType.F32, values, 1000, packed[i], scales[i], 0);
    }
    System.out.println(
        "quantized: "
            + (packed[0].flip().equals(packed[1].flip()) && Arrays.equals(scales[0], scales[1])));
  }

  private static void restore(FourBitMatrix matrix, FourBitMatrix reference) {
    try (Tensor found = Tensor.empty(DType.BF16, 24, 96);
        Tensor wanted = Tensor.empty(DType.BF16, 24, 96)) {
      matrix.dequantize(found);
      reference.dequantize(wanted);
      System.out.println("restored: " + found.data().equals(wanted.data()));
    }
  }

  private static void multiply(FourBitMatrix matrix, FourBitMatrix reference) {
    try (Tensor x = Tensor.of(RandomWeights.normal(5 * 96, 5), 5, 96);
        Tensor found = Tensor.zeros(DType.F32, 5, 30);
        Tensor wanted = Tensor.zeros(DType.F32, 5, 30)) {
      matrix.multiply(x, found, 4);
      reference.multiply(x, wanted, 4);
      double worst = 0;
      for (int i = 0; i < 150; i++) {
        worst = Math.max(worst, Math.abs(found.toFloats()[i] - wanted.toFloats()[i]));
      }
      System.out.println("multiplied: " + (worst < 1e-4));
    }
  }
}
