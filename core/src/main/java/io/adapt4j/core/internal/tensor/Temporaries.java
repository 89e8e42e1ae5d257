package io.adapt4j.core.internal.tensor;

/** What operators usually allocate and free again: tensors of an argument's size. */
public final class Temporaries {

  private Temporaries() {}

  /** So many tensors of an argument's size and type. */
  public static Scratch like(int argument, double count) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      return (long) (count * tensor.count() * tensor.type().bytes());
    };
  }

  /** So many tensors in F32 of an argument's size. */
  public static Scratch floats(int argument, double inF32, double otherwise) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      double count = tensor.type() == DType.F32 ? inF32 : otherwise;
      return (long) (count * tensor.count() * Float.BYTES);
    };
  }
}
