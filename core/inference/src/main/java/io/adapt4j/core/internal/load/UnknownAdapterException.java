package io.adapt4j.core.internal.load;

/** Thrown when a requested adapter is not on the model, or no longer. */
public final class UnknownAdapterException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** The requested name. */
  private final String name;

  /** Creates an exception. */
  public UnknownAdapterException(String name, String message) {
    super(message);
    this.name = name;
  }

  /** {@return the requested name} */
  public String name() {
    return name;
  }
}
