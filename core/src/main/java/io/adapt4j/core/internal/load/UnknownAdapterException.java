package io.adapt4j.core.internal.load;

/** Thrown when an adapter is asked for that is not on the model, or not any more. */
public final class UnknownAdapterException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** What was asked for. */
  private final String name;

  /** Creates an exception. */
  public UnknownAdapterException(String name, String message) {
    super(message);
    this.name = name;
  }

  /** {@return what was asked for} */
  public String name() {
    return name;
  }
}
