package io.adapt4j.core.internal.train;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Options for saving states, from which a run resumes exactly as if it had not been interrupted.
 *
 * @param interval optimizer steps between saves; 0 for the end of each epoch; ignored if there is a
 *     time
 */
public record StateOptions(
    int interval, Duration time, int kept, boolean resume, Map<String, String> identity) {

  /** Neither saves nor resumes. */
  public static final StateOptions NONE = new StateOptions(0, 0, false, Map.of());

  /** Checks the numbers and copies the identity. */
  public StateOptions {
    if (interval < 0 || kept < 0 || time.isNegative()) {
      throw new IllegalArgumentException(
          "interval, time and kept must be at least 0, found %s, %s and %s"
              .formatted(interval, time, kept));
    }
    identity = Collections.unmodifiableMap(new TreeMap<>(identity));
  }

  /** Creates options with an interval in steps or epochs. */
  public StateOptions(int interval, int kept, boolean resume, Map<String, String> identity) {
    this(interval, Duration.ZERO, kept, resume, identity);
  }
}
