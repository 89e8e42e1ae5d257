package io.adapt4j.core.train;

import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What the process used. A figure that the platform does not tell is empty.
 *
 * @param heapBytes bytes of the Java heap in use, garbage not yet collected included
 * @param residentBytes bytes of the process in main memory: heap, libtorch's tensors and mapped
 *     files; empty outside Linux
 * @param processorShare share of the processors' time that the process used over a step, from 0 to
 *     1; empty on a JVM that does not tell
 */
public record ResourceUse(
    OptionalLong heapBytes, OptionalLong residentBytes, OptionalDouble processorShare) {

  /** Nothing is known. */
  public static final ResourceUse UNKNOWN =
      new ResourceUse(OptionalLong.empty(), OptionalLong.empty(), OptionalDouble.empty());

  /**
   * Checks that the figures are given, be they empty.
   *
   * @param heapBytes bytes of the Java heap in use
   * @param residentBytes bytes of the process in main memory
   * @param processorShare share of the processors' time
   * @throws NullPointerException if one is null
   */
  public ResourceUse {
    Objects.requireNonNull(heapBytes, "heapBytes");
    Objects.requireNonNull(residentBytes, "residentBytes");
    Objects.requireNonNull(processorShare, "processorShare");
  }
}
