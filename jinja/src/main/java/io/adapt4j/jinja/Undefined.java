package io.adapt4j.jinja;

/**
 * What an unknown name or attribute stands for: prints as nothing, is false and empty, and fails in
 * any other use.
 *
 * @param reason what the error says
 */
record Undefined(String reason) {

  static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined because(String reason) {
    return new Undefined(reason);
  }

  Fault fault() {
    return new Fault(reason);
  }

  /** Any undefined value equals any other. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 0;
  }
}
