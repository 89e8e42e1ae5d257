package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.qlora.cpu.FourBitWeight;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Kernels in C++ for the instruction sets of the processor. Runs of weights, which converting asks
 * for, are restored in Java.
 */
final class CpuKernels implements FourBitKernels {

  /** Names a {@link CpuVariant} to be used instead of the most capable one. */
  static final String PROPERTY = "adapt4j.qlora.cpu";

  private final CpuVariant variant;

  private CpuKernels(CpuVariant variant) {
    this.variant = variant;
  }

  /**
   * The kernels of this process, in the variant that the system property names.
   *
   * @throws IllegalStateException if there are none here, with the reason
   * @throws IllegalArgumentException if the system property names no variant
   */
  static CpuKernels open() {
    CpuLibrary library = CpuLibrary.get();
    if (!library.isPresent()) {
      throw new IllegalStateException(library.absence());
    }
    String name = System.getProperty(PROPERTY, "");
    return of(name.isEmpty() ? library.best() : CpuVariant.of(name));
  }

  /**
   * The kernels in one variant.
   *
   * @throws IllegalStateException if the processor lacks its instructions, or without the library
   */
  static CpuKernels of(CpuVariant variant) {
    CpuLibrary library = CpuLibrary.get();
    if (!library.isPresent()) {
      throw new IllegalStateException(library.absence());
    }
    if (variant.compareTo(library.best()) > 0) {
      throw new IllegalStateException(
          "%s: the processor has no %s; it has up to %s"
              .formatted(PROPERTY, variant.propertyName(), library.best().propertyName()));
    }
    return new CpuKernels(variant);
  }

  @Override
  public String name() {
    return "cpu (" + variant.propertyName() + ")";
  }

  @Override
  public boolean quantise(
      Quantization quantization,
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
    int bytes = (int) QuantisedTensor.packedBytes(count);
    ByteBuffer place = packed.slice().limit(bytes);
    ByteBuffer codes = packed.isDirect() ? place : ByteBuffer.allocateDirect(bytes);
    float[] scales = new float[(int) quantization.blocks(count)];
    boolean finite =
        FourBitWeight.quantise(
            variant.number,
            values.duplicate().rewind(),
            CpuMatrix.code("type", computed(type)),
            count,
            quantization.blockSize(),
            quantization.type().limits(),
            quantization.type() == QuantType.FP4,
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
  public void dequantise(QuantisedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantise(tensor, first, target, count);
  }

  @Override
  public FourBitProduct product(List<FourBitMatrix> matrices) {
    return new CpuProduct(matrices.stream().map(CpuMatrix.class::cast).toList());
  }

  @Override
  public FourBitMatrix matrix(QuantisedTensor tensor) {
    return new CpuMatrix(variant, tensor);
  }
}
