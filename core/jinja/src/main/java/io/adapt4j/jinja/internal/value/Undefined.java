package io.adapt4j.jinja.internal.value;

/**
 * The value of an unknown name or attribute: prints as nothing, is false and empty, and fails in
 * any other use.
 */
public record Undefined(String reason) {

  public static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  public static Undefined because(String reason) {
    return new Undefined(reason);
  }

  public Fault fault() {
    return new Fault(reason);
  }

  /** All undefined values are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 0;
  }
}
