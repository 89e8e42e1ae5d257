package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Conversion of tensors and types to arguments of the native step program: addresses and numbers.
 */
final class StepArguments {

  /** Number in C++ of rows in 8 bits. */
  static final int EIGHT_BITS = 3;

  private StepArguments() {}

  /** Thrown for a part of the model that the program has no operator for. */
  static final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unsupported() {
      super(null, null, false, false);
    }
  }

  static long address(@Nullable Parameter parameter) {
    return parameter == null ? 0 : address(parameter.value());
  }

  static long address(Tensor tensor) {
    return tensor.address();
  }

  static long addressFrom(@Nullable Parameter parameter, long start) {
    return parameter == null ? 0 : address(parameter) + start * parameter.value().type().bytes();
  }

  static int codeOf(@Nullable Parameter parameter) {
    return parameter == null ? 0 : code(parameter.value());
  }

  static int code(Tensor tensor) {
    return code(tensor.type());
  }

  /** Returns the number of a type in C++. */
  static int code(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
      default -> throw new Unsupported();
    };
  }
}
