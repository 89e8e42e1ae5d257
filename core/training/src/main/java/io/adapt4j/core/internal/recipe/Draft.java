package io.adapt4j.core.internal.recipe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Options of a run as given, not checked yet. */
public final class Draft {

  private final Map<Option<?>, Object> values = new HashMap<>();

  /** Sets an option, replacing a previous value. */
  public <T> void set(Option<T> option, T value) {
    values.put(option, value);
  }

  public <T> void add(Option<List<T>> option, T element) {
    List<T> all = new ArrayList<>(get(option));
    all.add(element);
    values.put(option, all);
  }

  /** Returns the value of an option: the value set, else the default; null if it has neither. */
  @SuppressWarnings("unchecked") // put by set and add only, with the type of the option
  public <T> T get(Option<T> option) {
    return values.containsKey(option) ? (T) values.get(option) : option.usual();
  }

  /** Returns whether an option was set: true also if it was set to null. */
  public boolean states(Option<?> option) {
    return values.containsKey(option);
  }

  /** Checks each option individually. */
  public void check(List<Option<?>> options, Checks checks) {
    options.forEach(option -> check(option, checks));
  }

  private <T> void check(Option<T> option, Checks checks) {
    if (states(option)) {
      option.check(get(option), checks);
    }
  }
}
