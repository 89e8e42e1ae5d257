package io.adapt4j.core.internal.tensor;

/**
 * Address and strides of a tensor of any layout, for native code. The tensor must stay open while
 * they are used.
 */
@SuppressWarnings("ArrayRecordComponent") // handed straight to native code, never compared
public record TensorLayout(long address, long[] strides) {

  private static final Operator STRIDES = Operator.core("strides");

  /** {@return the layout of a tensor} */
  public static TensorLayout of(Tensor tensor) {
    try (Tensor strides = STRIDES.tensor(tensor)) {
      return new TensorLayout(tensor.memory().address(), strides.toLongs());
    }
  }
}
