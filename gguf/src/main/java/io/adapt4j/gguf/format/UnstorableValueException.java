package io.adapt4j.gguf.format;

/** Thrown for a value that a type cannot store, with its index. */
final class UnstorableValueException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final int index;
  private final String problem;

  UnstorableValueException(int index, String expected, Object found) {
    this(index, "expected %s, found %s".formatted(expected, found));
  }

  private UnstorableValueException(int index, String problem) {
    super("value " + index + ": " + problem);
    this.index = index;
    this.problem = problem;
  }

  int index() {
    return index;
  }

  /** {@return the expected and the found value} */
  String problem() {
    return problem;
  }
}
