package io.adapt4j.jinja;

/** What went wrong in a template, before it is known on which line. */
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

  /** The template itself called raise_exception. */
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
