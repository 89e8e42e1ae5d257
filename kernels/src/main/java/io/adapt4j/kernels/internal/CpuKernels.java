package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * C++ kernels for the processor's instruction sets. Runs of weights, as needed for conversion, are
 * dequantized in Java.
 */
record CpuKernels(CpuVariant variant) implements FourBitKernels {

  /** Opens the kernels in the variant that the system property names. */
  static CpuKernels open() {
    return of(CpuLibrary.get().chosen());
  }

  static CpuKernels of(CpuVariant variant) {
    CpuLibrary.get().require(variant);
    return new CpuKernels(variant);
  }

  @Override
  public String name() {
    return "cpu (" + variant.propertyName() + ")";
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
    if (!values.isDirect() || values.capacity() < (long) count * type.bytes()) {
      throw new IllegalArgumentException(
          "values: expected %d numbers in direct memory, found %s".formatted(count, values));
    }
    int bytes = (int) QuantizedTensor.packedBytes(count);
    ByteBuffer place = packed.slice().limit(bytes);
    ByteBuffer codes = packed.isDirect() ? place : ByteBuffer.allocateDirect(bytes);
    float[] scales = new float[(int) format.blocks(count)];
    boolean finite =
        FourBitWeight.quantize(
            variant.number,
            values.duplicate().rewind(),
            CpuMatrix.code("type", computed(type)),
            count,
            format.blockSize(),
            format.code().limits(),
            format.code() == FourBitCode.FP4,
            codes,
            scales,
            Torch.threads());
    if (!packed.isDirect()) {
      place.put(codes);
    }
    System.arraycopy(scales, 0, absmax, block, scales.length);
    packed.position(packed.position() + bytes);
    return finite;
  }

  private static DType computed(StoredType type) {
    return DType.valueOf(type.name());
  }

  @Override
  public void dequantize(QuantizedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantize(tensor, first, target, count);
  }

  @Override
  public FourBitProduct product(List<FourBitMatrix> matrices) {
    if (!matrices.stream().allMatch(CpuMatrix.class::isInstance)) {
      return FourBitKernels.super.product(matrices);
    }
    return new CpuProduct(matrices.stream().map(CpuMatrix.class::cast).toList());
  }

  @Override
  public FourBitMatrix matrix(QuantizedTensor tensor) {
    return new CpuMatrix(variant, tensor);
  }

  @Override
  public FourBitMatrix matrixForInt8Inputs(QuantizedTensor tensor) {
    CpuMatrix matrix = new CpuMatrix(variant, tensor);
    Optional<FourBitBlocks> blocks =
        tensorsAreOnHost() ? FourBitBlocks.of(matrix, variant) : Optional.empty();
    if (blocks.isEmpty()) {
      return matrix;
    }
    matrix.close();
    return blocks.get();
  }

  @Override
  public boolean rearranges(FourBitFormat format, long columns) {
    return columns % BlockType.of(format.code()).columns() == 0 && tensorsAreOnHost();
  }

  private static boolean tensorsAreOnHost() {
    try (Tensor probe = Tensor.empty(DType.U8, 1)) {
      return probe.isOnHost();
    }
  }
}
