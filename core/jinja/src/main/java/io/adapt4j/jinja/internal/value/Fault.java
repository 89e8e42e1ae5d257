package io.adapt4j.jinja.internal.value;

/** An error in a template; its line is 0 until it is known. */
public final class Fault extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean raised;
  private final int line;

  public Fault(String message) {
    this(message, false, 0);
  }

  private Fault(String message, boolean raised, int line) {
    super(message, null, false, false);
    this.raised = raised;
    this.line = line;
  }

  /** An error from raise_exception in the template. */
  public static Fault raised(String text) {
    return new Fault(text, true, 0);
  }

  public static Fault unsupported(String what) {
    return new Fault(what + " is not supported");
  }

  /** Returns the error with its line; one that is known stays. */
  public Fault at(int place) {
    return line > 0 ? this : new Fault(getMessage(), raised, place);
  }

  public boolean isRaised() {
    return raised;
  }

  public int line() {
    return line;
  }
}
