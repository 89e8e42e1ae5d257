package io.adapt4j.core.internal.describe;

import io.adapt4j.core.exception.SettingsException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects all problems of a description, so that they can be reported together. */
public final class Problems {

  /** Maximum number of reported problems; nobody fixes more at a time. */
  private static final int MAX_LISTED = 100;

  private final Set<String> all = new LinkedHashSet<>();

  /** Creates an empty collection. */
  public Problems() {}

  /** Adds a problem, unless it is already there. */
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

  /** Throws an exception if there are problems. */
  public void finish() {
    if (!all.isEmpty()) {
      throw SettingsException.inDescription(all());
    }
  }
}
