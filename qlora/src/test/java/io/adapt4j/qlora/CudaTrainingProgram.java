package io.adapt4j.qlora;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.CudaKernels;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.cuda.CudaDevice;
import java.nio.file.Path;
import java.util.List;

/** What {@link CudaTrainingTest} runs in its own JVM; prints what it finds. */
final class CudaTrainingProgram {

  private CudaTrainingProgram() {}

  public static void main(String[] args) {
    CudaDevice device = CudaDevice.open();
    train(device, Path.of(args[0]).resolve("fp32"), DType.F32, 1e-4);
    train(device, Path.of(args[0]).resolve("bf16"), DType.BF16, 2e-2);
    device.synchronize();
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
      long parts =
          run.network.packedLinears().stream().mapToLong(linear -> linear.parts().size()).sum();
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
}
