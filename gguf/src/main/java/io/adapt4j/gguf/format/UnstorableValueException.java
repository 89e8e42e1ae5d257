package io.adapt4j.gguf.format;

/** A value that a type cannot store, with its place among those that were given. */
final class UnstorableValueException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final int index;
  private final String problem;

  /**
   * Creates an exception.
   *
   * @param index of the value
   * @param expected what it should be
   * @param found what it is
   */
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

  /** {@return what was expected and what found} */
  String problem() {
    return problem;
  }
}
