package io.adapt4j.core.internal.tensor;

/** Usual temporary memory of operators: tensors of an argument's size. */
public final class Temporaries {

  private Temporaries() {}

  /** A number of tensors of an argument's size and type. */
  public static Scratch like(int argument, double count) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      return (long) (count * tensor.count() * tensor.type().bytes());
    };
  }

  /**
   * A number of F32 tensors of an argument's size, which depends on whether the argument is F32.
   */
  public static Scratch floats(int argument, double inF32, double otherwise) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      double count = tensor.type() == DType.F32 ? inF32 : otherwise;
      return (long) (count * tensor.count() * Float.BYTES);
    };
  }
}
