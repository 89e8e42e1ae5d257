package io.adapt4j.core.internal.tensor;

/**
 * Temporary memory that an operator allocates and frees while it runs, in addition to arguments and
 * results. It is declared next to the operator's handle, since nothing outside of its script sees
 * it.
 */
@FunctionalInterface
public interface Scratch {

  /** For an operator that allocates only its results. */
  Scratch NONE = arguments -> 0;

  /** Returns the peak: bytes. */
  long bytes(Object... arguments);

  /** Adds memory that exists at the same time. */
  default Scratch and(Scratch other) {
    return arguments -> bytes(arguments) + other.bytes(arguments);
  }
}
