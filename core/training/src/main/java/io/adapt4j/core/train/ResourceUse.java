package io.adapt4j.core.train;

import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Resource usage of the process. Values that the platform does not report are empty.
 *
 * @param heapBytes used Java heap in bytes, including garbage that has not been collected
 * @param residentBytes RSS of the process in bytes: heap, libtorch's tensors and mapped files;
 *     empty outside Linux
 * @param processorShare CPU utilization of the process during a step, from 0 to 1; empty on a JVM
 *     that does not report it
 */
public record ResourceUse(
    OptionalLong heapBytes, OptionalLong residentBytes, OptionalDouble processorShare) {

  /** No value is known. */
  public static final ResourceUse UNKNOWN =
      new ResourceUse(OptionalLong.empty(), OptionalLong.empty(), OptionalDouble.empty());

  /** Checks that no value is null. Throws {@link NullPointerException} if one is null. */
  public ResourceUse {
    Objects.requireNonNull(heapBytes, "heapBytes");
    Objects.requireNonNull(residentBytes, "residentBytes");
    Objects.requireNonNull(processorShare, "processorShare");
  }
}
