package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.qlora.internal.cuda.CudaDevice;
import io.adapt4j.qlora.internal.cuda.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What {@link CudaBindingTest} runs in a JVM of its own; prints what it finds. */
final class CudaBindingProgram {

  private CudaBindingProgram() {}

  public static void main(String[] args) {
    CudaDevice device = CudaDevice.open();
    System.out.println("device: " + device.name() + " " + device.capability());
    CudaKernels kernels = new CudaKernels(device);
    quantise(kernels);
    try (FourBitMatrix matrix = kernels.matrix(RandomWeights.matrix(Quantization.nf4(), 24, 96));
        FourBitMatrix reference =
            JavaKernels.INSTANCE.matrix(RandomWeights.matrix(Quantization.nf4(), 24, 96))) {
      restore(matrix, reference);
      multiply(matrix, reference);
    }
    train(device, Path.of(args[0]).resolve("fp32"), DType.F32, 1e-4);
    train(device, Path.of(args[0]).resolve("bf16"), DType.BF16, 2e-2);
    device.synchronise();
    try (DeviceBuffer tooLarge = new DeviceBuffer(device, 1L << 40)) {
      System.out.println("allocated " + tooLarge.bytes());
    } catch (RuntimeException e) {
      System.out.println("memory: " + e.getMessage());
    }
  }

  /** Here the device's memory is the host's, so tensors there can be computed on in place. */
  private static void train(CudaDevice device, Path base, DType type, double tolerance) {
    CountingDevice counted = new CountingDevice(device);
    try (QLoraRun run = QLoraRun.open(base, type)) {
      run.read(JavaKernels.INSTANCE);
      List<Double> losses = run.train();
      List<float[]> logits = run.decode();
      long open = Tensor.live();
      run.read(new CudaKernels(counted, tensor -> true));
      long parts = run.network.packedLinears().stream().mapToLong(one -> one.parts().size()).sum();
      long codes = Tensor.live() - open + parts;
      counted.reset();
      print(type + " trained", run.train().equals(losses), counted);
      counted.reset();
      List<float[]> decoded = run.decode();
      boolean same = true;
      for (int i = 0; i < decoded.size(); i++) {
        for (int j = 0; j < decoded.get(i).length; j++) {
          same &= Math.abs(decoded.get(i)[j] - logits.get(i)[j]) < tolerance;
        }
      }
      print(type + " decoded", same, counted);
      System.out.println(type + " codes in host memory: " + codes);
    }
  }

  private static void print(String what, boolean same, CountingDevice counted) {
    System.out.printf(
        "%s: %s, with kernels: %s, transfers: %d, allocations: %d%n",
        what, same, counted.launches() > 0, counted.transfers(), counted.allocations());
  }

  private static void quantise(CudaKernels kernels) {
    ByteBuffer values = FourBitCases.stored(StoredType.F32, RandomWeights.normal(1000, 3));
    ByteBuffer[] packed = {ByteBuffer.allocate(500), ByteBuffer.allocate(500)};
    float[][] scales = {new float[16], new float[16]};
    FourBitKernels[] both = {kernels, JavaKernels.INSTANCE};
    for (int i = 0; i < both.length; i++) {
      both[i].quantise(Quantization.fp4(), StoredType.F32, values, 1000, packed[i], scales[i], 0);
    }
    System.out.println(
        "quantised: "
            + (packed[0].flip().equals(packed[1].flip()) && Arrays.equals(scales[0], scales[1])));
  }

  private static void restore(FourBitMatrix matrix, FourBitMatrix reference) {
    try (Tensor found = Tensor.empty(DType.BF16, 24, 96);
        Tensor wanted = Tensor.empty(DType.BF16, 24, 96)) {
      matrix.dequantise(found);
      reference.dequantise(wanted);
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
