package io.adapt4j.core.internal.tensor;

/**
 * Handle of a script function. It is a constant of the class that uses it and independent of
 * engines: each {@link Engine} looks up the function on its first run.
 *
 * <p>An operator runs on the engine of the first tensor among its arguments or, without one, on the
 * current engine. Arguments are tensors, lists and arrays of tensors, numbers, arrays of numbers,
 * booleans, strings and {@link DType}s, in the order of the function's parameters.
 */
public record Operator(OperatorLibrary library, String name, Scratch scratch) {

  /** Returns the handle of one of core's own operators. */
  public static Operator core(String name) {
    return OperatorLibrary.CORE.operator(name);
  }

  /** Declares the temporary memory of the function, for the memory planner. */
  public Operator needing(Scratch needed) {
    return new Operator(library, name, needed);
  }

  /** {@return whether the library's sources define this operator} */
  public boolean isDefined() {
    return library.functions().contains(name);
  }

  /**
   * Runs a function that returns a tensor.
   *
   * @return the tensor; owned by the open scope or, without one, by the caller
   */
  public Tensor tensor(Object... arguments) {
    return Engine.of(arguments).tensor(this, arguments);
  }

  /**
   * Runs a function that returns a list of tensors.
   *
   * @return the tensors; owned by the open scope or, without one, by the caller
   */
  public Tensor[] tensors(Object... arguments) {
    return Engine.of(arguments).tensors(this, arguments);
  }

  /** Runs a function that returns a floating-point number. */
  public double number(Object... arguments) {
    return Engine.of(arguments).number(this, arguments);
  }

  /** Runs a function that returns an integer. */
  public long integer(Object... arguments) {
    return Engine.of(arguments).integer(this, arguments);
  }

  /** Runs a function for its side effects. */
  public void run(Object... arguments) {
    Engine.of(arguments).run(this, arguments);
  }

  @Override
  public String toString() {
    return name;
  }
}
