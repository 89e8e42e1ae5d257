package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.nn.AdapterMechanics;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Network;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The adapters on one model, by name, and which of them take part. An adapter may bring values of
 * its own for base tensors, so adapters go off in the opposite order of going on, and one is put on
 * only while all others are off. Not thread safe.
 */
public final class AdapterSet implements AutoCloseable {

  private final Network network;
  private final Map<String, AttachedAdapter> attached = new LinkedHashMap<>();

  /** What tells an adapter from others, by its name; not there for one that is not on disk. */
  private final Map<String, String> identities = new LinkedHashMap<>();

  /** Names of those that are on, in the order in which they went on. */
  private List<String> on = List.of();

  /** Names of those that are on while the set is. */
  private List<String> used = List.of();

  private boolean enabled = true;
  private boolean merged;
  private Runnable beforeChange = () -> {};

  AdapterSet(Network network) {
    this.network = network;
  }

  /**
   * Sets what is to be done before the network computes something else than so far, because
   * adapters go on or off it or into its weights.
   *
   * @param action such as dropping what was computed
   */
  public void beforeChange(Runnable action) {
    beforeChange = action;
  }

  /** Puts an adapter on that takes part at once; where its name is taken it gets a number. */
  public void load(AdapterMechanics adapter) {
    String name = adapter.name();
    for (int i = 2; attached.containsKey(name); i++) {
      name = adapter.name() + "-" + i;
    }
    put(name, adapter);
    List<String> all = new ArrayList<>(used);
    all.add(name);
    use(all);
  }

  /**
   * Puts an adapter on that takes no part yet.
   *
   * @throws IllegalArgumentException if the name is blank or taken, or the adapter does not fit
   */
  public void add(String name, AdapterMechanics adapter) {
    if (name.isBlank() || attached.containsKey(name)) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot name another adapter; taken are " + names());
    }
    List<String> problems = adapter.problems(network);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "The adapter '" + name + "' does not fit the model: " + String.join(" ", problems));
    }
    try {
      put(name, adapter);
    } finally {
      switchTo(enabled ? used : List.of());
    }
  }

  /** Attaches an adapter, which is the only one on then. */
  private void put(String name, AdapterMechanics adapter) {
    requireUnmerged();
    switchTo(List.of());
    beforeChange.run();
    attached.put(name, adapter.attach(network));
    adapter.folder().map(FolderIdentity::ofAdapter).ifPresent(id -> identities.put(name, id));
    on = List.of(name);
  }

  /**
   * Takes an adapter off.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public void remove(String name) {
    requireKnown(List.of(name));
    requireUnmerged();
    switchTo(List.of());
    attached.get(name).close();
    attached.remove(name);
    identities.remove(name);
    used = used.stream().filter(text -> !text.equals(name)).toList();
    switchTo(enabled ? used : List.of());
  }

  /**
   * Lets exactly these adapters take part.
   *
   * @throws IllegalArgumentException if a name is unknown or there twice
   */
  public void use(List<String> names) {
    requireKnown(names);
    requireUnmerged();
    used = List.copyOf(names);
    enabled = true;
    switchTo(used);
  }

  /** Switches those that are used off or back on. */
  public void enabled(boolean wanted) {
    if (wanted != enabled) {
      requireUnmerged();
      enabled = wanted;
      switchTo(wanted ? used : List.of());
    }
  }

  /** Runs something while all adapters are off. */
  public <T> T without(Supplier<T> action) {
    boolean before = enabled;
    enabled(false);
    try {
      return action.get();
    } finally {
      enabled(before);
    }
  }

  private void switchTo(List<String> wanted) {
    if (wanted.equals(on)) {
      return;
    }
    beforeChange.run();
    int same = 0;
    while (same < Math.min(on.size(), wanted.size()) && on.get(same).equals(wanted.get(same))) {
      same++;
    }
    for (int i = on.size() - 1; i >= same; i--) {
      attached.get(on.get(i)).enabled(false);
    }
    for (int i = same; i < wanted.size(); i++) {
      attached.get(wanted.get(i)).enabled(true);
    }
    on = List.copyOf(wanted);
  }

  /** Merges those that are on. */
  public void merge() {
    if (merged) {
      return;
    }
    beforeChange.run();
    int done = 0;
    try {
      for (String name : inPlaceOrder()) {
        attached.get(name).merge();
        done++;
      }
      merged = true;
    } finally {
      if (!merged) {
        unmerge(inPlaceOrder().subList(0, done));
      }
    }
  }

  public void unmerge() {
    if (merged) {
      beforeChange.run();
      unmerge(inPlaceOrder());
      merged = false;
    }
  }

  private void unmerge(List<String> names) {
    for (int i = names.size() - 1; i >= 0; i--) {
      attached.get(names.get(i)).unmerge();
    }
  }

  /** Those that are on in the order in which a layer applies them, which is that of attaching. */
  private List<String> inPlaceOrder() {
    return attached.keySet().stream().filter(on::contains).toList();
  }

  public List<String> names() {
    return List.copyOf(attached.keySet());
  }

  /** Those that are on. */
  public List<String> active() {
    return on;
  }

  /**
   * Returns what tells the adapters that are on from others, in the order in which a layer applies
   * them.
   *
   * @return one text an adapter; empty if one of them is not on disk
   */
  public Optional<List<String>> identities() {
    List<String> all = inPlaceOrder();
    return identities.keySet().containsAll(all)
        ? Optional.of(all.stream().map(identities::get).toList())
        : Optional.empty();
  }

  private void requireKnown(List<String> names) {
    Set<String> distinct = new LinkedHashSet<>(names);
    if (!attached.keySet().containsAll(distinct) || distinct.size() != names.size()) {
      throw new IllegalArgumentException(
          "adapters: expected names out of " + names() + ", each once, found " + names);
    }
  }

  private void requireUnmerged() {
    if (merged) {
      throw new IllegalStateException("Unmerge the adapters before others are put on or used");
    }
  }

  @Override
  public void close() {
    List<AttachedAdapter> all = List.copyOf(attached.values());
    attached.clear();
    for (int i = all.size() - 1; i >= 0; i--) {
      all.get(i).close();
    }
  }
}
