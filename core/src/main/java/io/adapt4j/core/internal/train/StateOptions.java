package io.adapt4j.core.internal.train;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a run saves what it needs to go on exactly as if it had not been interrupted.
 *
 * @param interval optimizer steps between saves; 0 for the end of each epoch; not read with a time
 */
public record StateOptions(
    int interval, Duration time, int kept, boolean resume, Map<String, String> identity) {

  /** Nothing is saved and nothing resumed. */
  public static final StateOptions NONE = new StateOptions(0, 0, false, Map.of());

  /**
   * Checks the numbers and copies the identity.
   *
   * @param interval optimizer steps between saves; 0 for the end of each epoch
   */
  public StateOptions {
    if (interval < 0 || kept < 0 || time.isNegative()) {
      throw new IllegalArgumentException(
          "interval, time and kept must be at least 0, found %s, %s and %s"
              .formatted(interval, time, kept));
    }
    identity = Collections.unmodifiableMap(new TreeMap<>(identity));
  }

  /** Makes options that go by steps or epochs. */
  public StateOptions(int interval, int kept, boolean resume, Map<String, String> identity) {
    this(interval, Duration.ZERO, kept, resume, identity);
  }
}
