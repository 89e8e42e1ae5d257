package io.adapt4j.core.internal.train;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a run saves what it needs to go on exactly as if it had not been interrupted.
 *
 * @param interval optimizer steps between saves; 0 for the end of each epoch; not read with a time
 * @param time at least this long between saves; zero to go by the interval
 * @param kept how many of the newest states stay on disk; 0 saves none
 * @param resume whether to continue from the newest intact state in the output folder, if there is
 *     one
 * @param identity what must be the same for a run to go on, by name: data, model, options
 */
public record StateOptions(
    int interval, Duration time, int kept, boolean resume, Map<String, String> identity) {

  /** Nothing is saved and nothing resumed. */
  public static final StateOptions NONE = new StateOptions(0, 0, false, Map.of());

  /**
   * Checks the numbers and copies the identity.
   *
   * @param interval optimizer steps between saves; 0 for the end of each epoch
   * @param time at least this long between saves; zero to go by the interval
   * @param kept how many of the newest states stay on disk; 0 saves none
   * @param resume whether to continue from the newest intact state
   * @param identity what must be the same for a run to go on
   * @throws IllegalArgumentException if a number is negative
   */
  public StateOptions {
    if (interval < 0 || kept < 0 || time.isNegative()) {
      throw new IllegalArgumentException(
          "interval, time and kept must be at least 0, found %s, %s and %s"
              .formatted(interval, time, kept));
    }
    identity = Collections.unmodifiableMap(new TreeMap<>(identity));
  }

  /**
   * Makes options that go by steps or epochs.
   *
   * @param interval optimizer steps between saves; 0 for the end of each epoch
   * @param kept how many of the newest states stay on disk; 0 saves none
   * @param resume whether to continue from the newest intact state
   * @param identity what must be the same for a run to go on
   * @throws IllegalArgumentException if a number is negative
   */
  public StateOptions(int interval, int kept, boolean resume, Map<String, String> identity) {
    this(interval, Duration.ZERO, kept, resume, identity);
  }
}
