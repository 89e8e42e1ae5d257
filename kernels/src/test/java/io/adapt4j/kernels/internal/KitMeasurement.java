package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import io.adapt4j.kernels.internal.cuda.DeviceWeight;
import io.adapt4j.kernels.internal.cuda.KitDevice;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;

/**
 * The 4-bit matmul beside cuBLAS's in bf16, from 1 to 4,096 rows. Weights are taken in turns from
 * copies that together exceed a GPU's cache, as those of a model's layers do.
 */
final class KitMeasurement {

  private static final int ROUNDS = 5;
  private static final int PACKED_COPIES = 8;
  private static final int PLAIN_COPIES = 2;

  private final KitDevice device;
  private final int outputs;
  private final int inputs;
  private final int[] rows;
  private final double secondsOfRound;
  private String absence = "";
  private boolean agrees = true;

  KitMeasurement(KitDevice device, boolean quick) {
    this.device = device;
    this.outputs = quick ? 64 : 4096;
    this.inputs = quick ? 128 : 14336;
    this.rows =
        quick
            ? new int[] {1, 16, 40}
            : new int[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
    this.secondsOfRound = quick ? 1e-6 : 0.05;
  }

  /** Whether the products of both were the same within bf16's rounding. */
  boolean agrees() {
    return agrees;
  }

  /** Prints a table and returns the figures. */
  Map<String, Object> run(PrintStream out) {
    int version = openBlas();
    long weights = (long) outputs * inputs;
    List<DeviceWeight> packed = new ArrayList<>();
    List<DeviceBuffer> plain = new ArrayList<>();
    try {
      QuantizedTensor tensor = random();
      for (int i = 0; i < PACKED_COPIES; i++) {
        packed.add(CudaMatrix.upload(device, tensor));
      }
      for (int i = 0; i < PLAIN_COPIES; i++) {
        plain.add(new DeviceBuffer(device, weights * 2));
        packed.get(0).dequantize(DType.BF16, plain.get(i).address());
      }
      double launch = launch();
      double copying = copying(plain);
      double dequantizing =
          seconds(
              i -> packed.get(i % PACKED_COPIES).dequantize(DType.BF16, plain.get(0).address()));
      double perSecond = (packed.get(0).bytes() + 2.0 * weights) / dequantizing / 1e9;
      out.printf(
          Locale.ROOT,
          "Weight: %d x %d, NF4 in blocks of 64, double quantization. Copying on the device: %s"
              + " GB/s. Dequantizing: %.0f GB/s. A launch from Java: %.1f us.%n%s%n",
          outputs,
          inputs,
          absentOr(copying),
          perSecond,
          launch * 1e6,
          absence.isEmpty() ? "cuBLAS " + version : "No cuBLAS: " + absence);
      out.println(
          "  rows |  4-bit us   GB/s  TFLOP/s | cuBLAS us  TFLOP/s | dequantize + cuBLAS us | 4-bit"
              + " is x times as fast as cuBLAS");
      List<Object> table = new ArrayList<>();
      for (int n : rows) {
        table.add(row(out, n, packed, plain, dequantizing));
      }
      return KitJson.object(
          "outputs",
          outputs,
          "inputs",
          inputs,
          "format",
          "NF4, blocks of 64, double quantization",
          "cublas",
          absence.isEmpty() ? Integer.toString(version) : null,
          "noCublas",
          absence.isEmpty() ? null : absence,
          "launchMicroseconds",
          launch * 1e6,
          "copyGigabytesPerSecond",
          copying,
          "dequantizeGigabytesPerSecond",
          perSecond,
          "agreesWithCublas",
          absence.isEmpty() ? agrees : null,
          "matmul",
          table);
    } finally {
      packed.forEach(DeviceWeight::close);
      plain.forEach(DeviceBuffer::close);
    }
  }

  private static String absentOr(double value) {
    return Double.isNaN(value) ? "?" : String.format(Locale.ROOT, "%.0f", value);
  }

  private Object row(
      PrintStream out,
      int n,
      List<DeviceWeight> packed,
      List<DeviceBuffer> plain,
      double dequantizing) {
    CudaKernelLaws laws = new CudaKernelLaws(device);
    try (DeviceBuffer x = laws.uploaded(RandomWeights.normal(n * inputs, n), DType.BF16);
        DeviceBuffer y = new DeviceBuffer(device, 2L * n * outputs);
        DeviceBuffer other = new DeviceBuffer(device, 2L * n * outputs)) {
      double fused =
          seconds(
              i ->
                  packed
                      .get(i % PACKED_COPIES)
                      .multiply(DType.BF16, x.address(), n, y.address(), 0, outputs));
      double dense =
          absence.isEmpty()
              ? seconds(i -> blas(x, plain.get(i % PLAIN_COPIES), other, n))
              : Double.NaN;
      if (absence.isEmpty()) {
        compare(out, n, laws.download(y.address(), 2 * n * outputs), other, laws);
      }
      double flops = 2.0 * n * outputs * inputs;
      out.printf(
          Locale.ROOT,
          "%6d | %9.1f %6.0f %8.2f | %9.1f %8.2f | %22.1f | %.2f%n",
          n,
          fused * 1e6,
          packed.get(0).bytes() / fused / 1e9,
          flops / fused / 1e12,
          dense * 1e6,
          flops / dense / 1e12,
          (dense + dequantizing) * 1e6,
          dense / fused);
      return KitJson.object(
          "rows",
          n,
          "fourBitMicroseconds",
          fused * 1e6,
          "fourBitGigabytesPerSecond",
          packed.get(0).bytes() / fused / 1e9,
          "fourBitTeraflops",
          flops / fused / 1e12,
          "cublasBf16Microseconds",
          dense * 1e6,
          "cublasBf16Teraflops",
          flops / dense / 1e12,
          "dequantizeAndCublasMicroseconds",
          (dense + dequantizing) * 1e6);
    }
  }

  private void blas(DeviceBuffer x, DeviceBuffer w, DeviceBuffer y, int n) {
    int status = KitNatives.multiply(x.address(), w.address(), y.address(), n, outputs, inputs);
    if (status != 0) {
      throw new IllegalStateException("cublasGemmEx of " + n + " rows: status " + status);
    }
  }

  /** Both round their result to bf16, and devices without bf16 tensor cores not the weights. */
  private void compare(
      PrintStream out, int n, byte[] found, DeviceBuffer other, CudaKernelLaws laws) {
    float[] ours = CudaKernelLaws.floats(found, DType.BF16);
    float[] theirs =
        CudaKernelLaws.floats(laws.download(other.address(), found.length), DType.BF16);
    double squares = 0;
    for (float value : theirs) {
      squares += (double) value * value;
    }
    double size = Math.sqrt(squares / theirs.length);
    double worst = 0;
    for (int i = 0; i < ours.length; i++) {
      double off = Math.abs(ours[i] - theirs[i]) / (size + Math.abs(theirs[i]));
      worst = Double.isNaN(off) ? Double.POSITIVE_INFINITY : Math.max(worst, off);
    }
    if (!(worst < 0x1p-6)) {
      agrees = false;
      out.printf(
          Locale.ROOT,
          "FAILED: at %d rows the products are apart by %.3g of their size%n",
          n,
          worst);
    }
  }

  /** Opens cuBLAS, of CUDA 13 or 12, in the device's context. */
  private int openBlas() {
    String library = System.getProperty("adapt4j.kit.natives");
    if (library == null) {
      absence = "the kit's native library is not there";
      return 0;
    }
    KitNatives.load(Path.of(library));
    device.cuda().synchronize(); // makes the context this thread's
    List<String> reasons = new ArrayList<>();
    for (String name : List.of("libcublas.so.13", "libcublas.so.12")) {
      String reason = KitNatives.openBlas(name);
      if (reason.isEmpty()) {
        return KitNatives.blasVersion();
      }
      reasons.add(reason);
    }
    absence = String.join("; ", reasons);
    return 0;
  }

  /**
   * Codes and scales at random: quantizing so many weights in Java would take longer than all else.
   */
  private QuantizedTensor random() {
    Random random = new Random(1);
    FourBitFormat format = FourBitCases.NF4;
    byte[] codes = new byte[outputs * inputs / 2];
    random.nextBytes(codes);
    float[] scales = new float[(int) format.blocks((long) outputs * inputs)];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.01f + 0.02f * random.nextFloat();
    }
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) outputs, (long) inputs),
        ByteBuffer.wrap(codes),
        NestedScales.of(scales));
  }

  /** The smallest kernel there is, which a launch takes longer than. */
  private double launch() {
    try (DeviceWeight small =
            CudaMatrix.upload(device, RandomWeights.matrix(FourBitCases.NF4, 1, 64));
        DeviceBuffer target = new DeviceBuffer(device, 256)) {
      return seconds(i -> small.dequantize(DType.BF16, target.address()));
    }
  }

  /** Bytes read and written a nanosecond. */
  private double copying(List<DeviceBuffer> buffers) {
    if (System.getProperty("adapt4j.kit.natives") == null) {
      return Double.NaN;
    }
    long bytes = buffers.get(0).bytes();
    long from = buffers.get(0).address();
    long to = buffers.get(1).address();
    if (KitNatives.copy(to, from, bytes) != 0) {
      return Double.NaN;
    }
    return 2.0 * bytes / seconds(i -> KitNatives.copy(to, from, bytes)) / 1e9;
  }

  /** The median of rounds. */
  private double seconds(IntConsumer work) {
    for (int i = 0; i < 3; i++) {
      work.accept(i);
    }
    int runs = (int) Math.max(1, Math.min(2000, secondsOfRound / round(work, 3)));
    double[] all = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      all[i] = round(work, runs);
    }
    Arrays.sort(all);
    return all[ROUNDS / 2];
  }

  private double round(IntConsumer work, int runs) {
    device.cuda().synchronize();
    long start = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      work.accept(i);
    }
    device.cuda().synchronize();
    return Math.max(1, System.nanoTime() - start) / 1e9 / runs;
  }
}
