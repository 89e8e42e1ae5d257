package io.adapt4j.core.train;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a run saves what it needs to go on exactly as if it had not been interrupted.
 *
 * @param interval optimizer steps between saves; 0 for the end of each epoch
 * @param kept how many of the newest states stay on disk; 0 saves none
 * @param resume whether to go on from the newest intact state in the output folder, if there is one
 * @param identity what must be the same for a run to go on, by name: data, model, options
 */
public record StateOptions(int interval, int kept, boolean resume, Map<String, String> identity) {

  /** Nothing is saved and nothing resumed. */
  public static final StateOptions NONE = new StateOptions(0, 0, false, Map.of());

  /**
   * Checks the numbers and copies the identity.
   *
   * @param interval optimizer steps between saves; 0 for the end of each epoch
   * @param kept how many of the newest states stay on disk; 0 saves none
   * @param resume whether to go on from the newest intact state
   * @param identity what must be the same for a run to go on
   * @throws IllegalArgumentException if a number is negative
   */
  public StateOptions {
    if (interval < 0 || kept < 0) {
      throw new IllegalArgumentException(
          "interval and kept must be at least 0, found " + interval + " and " + kept);
    }
    identity = Collections.unmodifiableMap(new TreeMap<>(identity));
  }
}
