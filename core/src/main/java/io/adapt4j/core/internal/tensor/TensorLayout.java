package io.adapt4j.core.internal.tensor;

/**
 * Where the elements of a tensor of any layout are, for native code. The tensor must stay open
 * while it is used.
 */
@SuppressWarnings("ArrayRecordComponent") // handed straight to native code, never compared
public record TensorLayout(long address, long[] strides) {

  private static final Operator STRIDES = Operator.core("strides");

  /** {@return where the elements of a tensor are} */
  public static TensorLayout of(Tensor tensor) {
    try (Tensor strides = STRIDES.tensor(tensor)) {
      return new TensorLayout(tensor.memory().address(), strides.toLongs());
    }
  }
}
