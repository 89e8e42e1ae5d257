package io.adapt4j.jinja;

/** An error in a template before its line is known. */
final class Fault extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean raised;

  Fault(String message) {
    this(message, false);
  }

  private Fault(String message, boolean raised) {
    super(message, null, false, false);
    this.raised = raised;
  }

  /** An error from raise_exception in the template. */
  static Fault raised(String text) {
    return new Fault(text, true);
  }

  static Fault unsupported(String what) {
    return new Fault(what + " is not supported");
  }

  boolean isRaised() {
    return raised;
  }
}
