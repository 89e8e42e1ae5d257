package io.adapt4j.core.describe;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is wrong with a description, so that all of it can be said at once. */
public final class Problems {

  private final Set<String> all = new LinkedHashSet<>();

  /** Starts without a problem. */
  public Problems() {}

  /**
   * Adds a problem; one that is there already is not added again.
   *
   * @param place where it is
   * @param path the keys that lead there, joined by dots; empty for the whole
   * @param problem what was expected, what was found, and the remedy
   */
  public void add(Place place, String path, String problem) {
    all.add(place + ": " + (path.isEmpty() ? "" : path + ": ") + problem);
  }

  /**
   * Returns the problems so far.
   *
   * @return one text a problem
   */
  public List<String> all() {
    return List.copyOf(all);
  }

  /**
   * Ends the reading.
   *
   * @throws DescriptionException if there is a problem
   */
  public void finish() {
    if (!all.isEmpty()) {
      throw new DescriptionException(all());
    }
  }
}
