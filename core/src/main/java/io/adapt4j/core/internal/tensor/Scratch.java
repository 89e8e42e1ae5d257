package io.adapt4j.core.internal.tensor;

/**
 * The memory that an operator allocates and frees again while it runs, besides what it is given and
 * what it returns. It stands beside the operator's handle, since nothing outside its script sees
 * it.
 */
@FunctionalInterface
public interface Scratch {

  /** Of an operator that allocates its results only. */
  Scratch NONE = arguments -> 0;

  /**
   * Returns the most that exists at once.
   *
   * @param arguments the operator's
   * @return bytes
   */
  long bytes(Object... arguments);

  /**
   * So many tensors of an argument's size and type.
   *
   * @param argument its index
   * @param count how many
   * @return what they take
   */
  static Scratch like(int argument, double count) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      return (long) (count * tensor.count() * tensor.type().bytes());
    };
  }

  /**
   * So many tensors in F32 of an argument's size.
   *
   * @param argument its index
   * @param inF32 how many where the argument is F32 itself
   * @param otherwise how many where it is first converted
   * @return what they take
   */
  static Scratch floats(int argument, double inF32, double otherwise) {
    return arguments -> {
      Tensor tensor = (Tensor) arguments[argument];
      double count = tensor.type() == DType.F32 ? inF32 : otherwise;
      return (long) (count * tensor.count() * Float.BYTES);
    };
  }

  /**
   * Adds what exists at the same time.
   *
   * @param other what is allocated besides
   * @return the sum
   */
  default Scratch and(Scratch other) {
    return arguments -> bytes(arguments) + other.bytes(arguments);
  }
}
