package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.CudaDevice;
import io.adapt4j.kernels.internal.cuda.CudaException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernels on a CUDA device, where there is one: the laws that {@link CudaKernelLawsTest} checks
 * on the CPU, and where libtorch has the device too, on its tensors in place, with what they reach
 * of the device's own copy and matmul.
 */
class CudaGpuTest {

  private static final int WARM_UP = 5;
  private static final int RUNS = 50;

  private static CudaDevice device;

  @BeforeAll
  static void open() {
    try {
      device = CudaDevice.open();
    } catch (CudaException e) {
      assumeTrue(false, "no kernels run on a GPU here: " + e.getMessage());
    }
  }

  static List<CudaCheck> checks() {
    return CudaCheck.all(device.capability());
  }

  @ParameterizedTest
  @MethodSource("checks")
  void kernelsAgreeWithTheReference(CudaCheck check) {
    check.law().accept(new CudaKernelLaws(device));
  }

  @Test
  void tensorsOfLibtorchAreComputedOnInPlace() {
    assumeLibtorchHasTheDevice();
    QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, 256, 512);
    long open = Tensor.live();
    try (FourBitMatrix matrix = new CudaKernels(device).matrix(tensor);
        Tensor host = Tensor.zeros(DType.BF16, 256, 512);
        Tensor target = host.copyToCuda(0)) {
      matrix.dequantize(target);
      host.copyFrom(target);
      byte[] found = new byte[256 * 512 * 2];
      host.data().get(found);
      assertThat(found).isEqualTo(CudaKernelLaws.rounded(tensor, DType.BF16));
    }
    assertThat(Tensor.live()).isEqualTo(open);
  }

  /** Prints; the figures depend on the device, so nothing is asserted of them. */
  @Test
  void whatTheKernelsReachIsPrinted() {
    assumeLibtorchHasTheDevice();
    int rows = 4096;
    int columns = 11008;
    long weights = (long) rows * columns;
    double copy = copyBandwidth(weights);
    System.out.printf("copy: %.0f GB/s%n", copy / 1e9);
    try (FourBitMatrix matrix =
            new CudaKernels(device).matrix(RandomWeights.matrix(FourBitCases.NF4, rows, columns));
        Tensor plain = cuda(Tensor.zeros(DType.BF16, rows, columns));
        Tensor turned = plain.transposed()) {
      double restoring = seconds(() -> matrix.dequantize(plain));
      print("dequantize", (matrix.bytes() + 2.0 * weights) / restoring, copy, "of copying");
      for (int n : List.of(1, 4, 8, 16, 64, 256, 1024, 4096)) {
        try (Tensor x = cuda(Tensor.randn(DType.BF16, n, columns));
            Tensor y = cuda(Tensor.zeros(DType.BF16, n, rows))) {
          double fused = seconds(() -> matrix.multiply(x, y, 0));
          double dense = seconds(() -> x.times(turned).close());
          double flops = 2.0 * n * weights;
          System.out.printf(
              "matmul, %4d rows: %.1f TFLOP/s, %.2f times the speed of libtorch's on bf16 (%.1f"
                  + " TFLOP/s)%n",
              n, flops / fused / 1e12, dense / fused, flops / dense / 1e12);
          print("  its weights", matrix.bytes() / fused, copy, "of copying");
        }
      }
    }
  }

  private static void print(String what, double rate, double ceiling, String of) {
    System.out.printf("%s: %.0f GB/s, %.0f %% %s%n", what, rate / 1e9, 100 * rate / ceiling, of);
  }

  private static double copyBandwidth(long elements) {
    try (Tensor from = cuda(Tensor.zeros(DType.BF16, elements));
        Tensor to = cuda(Tensor.zeros(DType.BF16, elements))) {
      return 4.0 * elements / seconds(() -> to.copyFrom(from));
    }
  }

  private static Tensor cuda(Tensor host) {
    try (host) {
      return host.copyToCuda(0);
    }
  }

  private static double seconds(Runnable work) {
    for (int i = 0; i < WARM_UP; i++) {
      work.run();
    }
    device.synchronize();
    long start = System.nanoTime();
    for (int i = 0; i < RUNS; i++) {
      work.run();
    }
    device.synchronize();
    return (System.nanoTime() - start) / 1e9 / RUNS;
  }

  private static void assumeLibtorchHasTheDevice() {
    try (Tensor host = Tensor.zeros(DType.F32, 1);
        Tensor copy = host.copyToCuda(0)) {
      assertThat(copy.isOnCuda()).isTrue();
    } catch (EngineException e) {
      assumeTrue(false, "libtorch has no CUDA device here: " + e.getMessage());
    }
  }
}
