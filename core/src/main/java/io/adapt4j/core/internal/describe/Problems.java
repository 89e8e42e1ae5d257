package io.adapt4j.core.internal.describe;

import io.adapt4j.core.exception.SettingsException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is wrong with a description, so that all of it can be said at once. */
public final class Problems {

  /** Nobody mends more of them at a time. */
  private static final int MAX_LISTED = 100;

  private final Set<String> all = new LinkedHashSet<>();

  /** Starts without a problem. */
  public Problems() {}

  /** Adds a problem; one that is there already is not added again. */
  public void add(Place place, String path, String problem) {
    all.add(place + ": " + (path.isEmpty() ? "" : path + ": ") + problem);
  }

  /** Returns the problems so far. */
  public List<String> all() {
    if (all.size() <= MAX_LISTED) {
      return List.copyOf(all);
    }
    List<String> listed = new ArrayList<>(List.copyOf(all).subList(0, MAX_LISTED));
    listed.add("and " + (all.size() - MAX_LISTED) + " more problems");
    return listed;
  }

  /** Ends the reading. */
  public void finish() {
    if (!all.isEmpty()) {
      throw SettingsException.inDescription(all());
    }
  }
}
