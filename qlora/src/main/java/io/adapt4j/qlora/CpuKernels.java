package io.adapt4j.qlora;

import java.nio.ByteBuffer;

/**
 * Kernels in C++ for the instruction sets of the processor. Weights become matrices in it; runs of
 * weights, which loading and converting ask for, are quantised and restored in Java.
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
  public void quantise(
      Quantization quantization,
      float[] values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    JavaKernels.INSTANCE.quantise(quantization, values, count, packed, absmax, block);
  }

  @Override
  public void dequantise(QuantisedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantise(tensor, first, target, count);
  }

  @Override
  public FourBitMatrix matrix(QuantisedTensor tensor) {
    return new CpuMatrix(variant, tensor);
  }
}
