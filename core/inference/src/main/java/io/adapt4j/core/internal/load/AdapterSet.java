package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Named adapters attached to one model, of which some are active. Since an adapter may replace base
 * tensors, adapters are deactivated in reverse order of activation, and attached only while all
 * others are inactive.
 *
 * <p>A request can run with a single named adapter instead of the active ones ({@link #lease}). An
 * adapter removed meanwhile stays attached, without its name, until the last such request has
 * ended.
 *
 * <p>Any thread may query names and take leases; everything else requires exclusive use of the
 * model.
 */
public final class AdapterSet implements AutoCloseable {

  /** Computation that depends on the adapters and must react to changes. */
  public interface Listener {

    /**
     * Called before the active adapters or the weights change, and with them the model's results.
     */
    default void beforeChange() {}

    /**
     * Called when an adapter is attached or detached: results stay the same, but memory locations
     * change.
     */
    default void rearranged() {}

    /** Called before a removed adapter that no request uses any more is freed. */
    default void dropped(AttachedAdapter adapter) {}
  }

  /** An attached adapter. */
  private static final class Entry {
    private final String name;
    private final AttachedAdapter adapter;

    /** Identity of the adapter's files; empty if it is not on disk. */
    private final Optional<String> identity;

    /** Tells it from every other adapter that was attached to the model. */
    private final int number;

    private int leases;

    Entry(String name, int number, AdapterMechanics mechanics, AttachedAdapter adapter) {
      this.name = name;
      this.number = number;
      this.adapter = adapter;
      this.identity = mechanics.folder().map(FolderIdentity::ofAdapter);
    }
  }

  /** Keeps an adapter attached while a request needs it. */
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private boolean ended;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    /** {@return the adapter, which stays attached until this lease is closed} */
    public AttachedAdapter adapter() {
      return entry.adapter;
    }

    /** Releases the adapter. Closing twice has no effect. */
    @Override
    public void close() {
      synchronized (AdapterSet.this) {
        entry.leases -= ended ? 0 : 1;
        ended = true;
      }
    }
  }

  private final Network network;

  /** In the order in which they were attached. */
  private final Map<String, Entry> attached = new LinkedHashMap<>();

  /** Removed adapters that requests still use. */
  private final List<Entry> leaving = new ArrayList<>();

  /** Adapters active now, in order of activation. */
  private List<Entry> on = List.of();

  /** Adapters to activate while the set is enabled. */
  private List<Entry> used = List.of();

  private boolean enabled = true;
  private volatile boolean merged;

  /** Number of adapters that were ever attached, counted before the model changes. */
  private volatile int count;

  private Listener listener = new Listener() {};

  /** Creates an empty set for a model. */
  public AdapterSet(Network network) {
    this.network = network;
  }

  /** Sets the listener for changes. */
  public void listener(Listener other) {
    listener = other;
  }

  /** Attaches and activates an adapter; a number is appended if its name is taken. */
  public void load(AdapterMechanics adapter) {
    String name = adapter.name();
    for (int i = 2; attached.containsKey(name); i++) {
      name = adapter.name() + "-" + i;
    }
    listener.beforeChange();
    Entry entry = attach(name, adapter);
    List<Entry> all = new ArrayList<>(used);
    all.add(entry);
    used = List.copyOf(all);
    turn(used);
  }

  /** Attaches an adapter without activating it. */
  public void add(String name, AdapterMechanics adapter) {
    requireUnmerged();
    if (name.isBlank() || attached.containsKey(name)) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot name another adapter; taken are " + names());
    }
    requireFitting(name, adapter);
    put(name, adapter);
  }

  /** Replaces an adapter. Running requests keep the one they started with. */
  public void replace(String name, AdapterMechanics adapter) {
    requireKnown(List.of(name));
    requireUnmerged();
    requireFitting(name, adapter);
    Entry before = attached.get(name);
    Entry entry = put(name, adapter);
    if (used.contains(before)) {
      used = used.stream().map(active -> active == before ? entry : active).toList();
      switchTo(enabled ? used : List.of());
    }
    leave(before);
  }

  private void requireFitting(String name, AdapterMechanics adapter) {
    List<String> problems = adapter.problems(network);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "The adapter '" + name + "' does not fit the model: " + String.join(" ", problems));
    }
  }

  /** Attaches an adapter without activating it; results do not change. */
  private Entry put(String name, AdapterMechanics adapter) {
    List<Entry> before = on;
    try {
      return attach(name, adapter);
    } finally {
      turn(before);
    }
  }

  /** Attaches an adapter and makes it the only active one. */
  private Entry attach(String name, AdapterMechanics adapter) {
    turn(List.of());
    listener.rearranged();
    int number = count + 1;
    count = number;
    Entry entry = new Entry(name, number, adapter, adapter.attach(network));
    on = List.of(entry);
    synchronized (this) {
      attached.remove(name);
      attached.put(name, entry);
    }
    return entry;
  }

  /** Removes an adapter as soon as no request needs it any more. */
  public void remove(String name) {
    requireKnown(name);
    requireUnmerged();
    Entry entry = attached.get(name);
    if (used.contains(entry)) {
      used = used.stream().filter(active -> active != entry).toList();
      switchTo(enabled ? used : List.of());
    }
    synchronized (this) {
      attached.remove(name);
    }
    leave(entry);
  }

  private void leave(Entry entry) {
    synchronized (this) {
      leaving.add(entry);
    }
    dropUnneeded();
  }

  /** Frees removed adapters that are no longer in use. */
  public void dropUnneeded() {
    List<Entry> gone;
    synchronized (this) {
      gone = leaving.stream().filter(entry -> entry.leases == 0).toList();
      leaving.removeAll(gone);
    }
    if (gone.isEmpty()) {
      return;
    }
    listener.rearranged();
    List<Entry> before = on;
    turn(List.of());
    try {
      for (Entry entry : gone) {
        listener.dropped(entry.adapter);
        entry.adapter.close();
      }
    } finally {
      turn(before);
    }
  }

  /** Leases an adapter for a request that names it. */
  public synchronized Lease lease(String name) {
    requireKnown(name);
    requireUnmerged();
    Entry entry = attached.get(name);
    entry.leases++;
    return new Lease(entry);
  }

  /**
   * {@return the adapters that tokens of a pass may choose instead of the active ones; none if an
   * active adapter changes more than linear layers}
   */
  public synchronized List<AttachedAdapter> joinable() {
    return on.stream().allMatch(entry -> entry.adapter.isLowRank())
        ? present().stream().map(entry -> entry.adapter).filter(AttachedAdapter::isLowRank).toList()
        : List.of();
  }

  /** Runs an action with one adapter alone. */
  public <T> T with(String name, Supplier<T> action) {
    requireKnown(name);
    List<T> result = new ArrayList<>();
    with(attached.get(name).adapter, () -> result.add(action.get()));
    return result.get(0);
  }

  /** Runs an action with one adapter alone. Nothing else may use the model meanwhile. */
  public void with(AttachedAdapter adapter, Runnable action) {
    requireUnmerged();
    Entry entry;
    synchronized (this) {
      entry =
          present().stream().filter(found -> found.adapter == adapter).findFirst().orElseThrow();
    }
    List<Entry> before = on;
    turn(List.of(entry));
    try {
      action.run();
    } finally {
      turn(before);
    }
  }

  private List<Entry> present() {
    List<Entry> all = new ArrayList<>(attached.values());
    all.addAll(leaving);
    return all;
  }

  /** Activates exactly these adapters. */
  public void use(List<String> names) {
    requireKnown(names);
    requireUnmerged();
    used = names.stream().map(attached::get).toList();
    enabled = true;
    switchTo(used);
  }

  /** Enables or disables the selected adapters. */
  public void enabled(boolean wanted) {
    if (wanted != enabled) {
      requireUnmerged();
      enabled = wanted;
      switchTo(wanted ? used : List.of());
    }
  }

  /** Runs an action while all adapters are inactive. */
  public <T> T without(Supplier<T> action) {
    boolean before = enabled;
    enabled(false);
    try {
      return action.get();
    } finally {
      enabled(before);
    }
  }

  private void switchTo(List<Entry> wanted) {
    if (!wanted.equals(on)) {
      listener.beforeChange();
      turn(wanted);
    }
  }

  /** Makes exactly these adapters active. */
  private void turn(List<Entry> wanted) {
    int same = 0;
    while (same < Math.min(on.size(), wanted.size()) && on.get(same) == wanted.get(same)) {
      same++;
    }
    for (int i = on.size() - 1; i >= same; i--) {
      on.get(i).adapter.enabled(false);
    }
    for (int i = same; i < wanted.size(); i++) {
      wanted.get(i).adapter.enabled(true);
    }
    on = List.copyOf(wanted);
  }

  /** Merges the active adapters into the weights. */
  public void merge() {
    if (merged) {
      return;
    }
    listener.beforeChange();
    int done = 0;
    try {
      for (Entry entry : inPlaceOrder()) {
        entry.adapter.merge();
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
      listener.beforeChange();
      unmerge(inPlaceOrder());
      merged = false;
    }
  }

  private static void unmerge(List<Entry> entries) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      entries.get(i).adapter.unmerge();
    }
  }

  /**
   * Returns the active adapters in the order in which a layer applies them, which is the order of
   * attaching.
   */
  private List<Entry> inPlaceOrder() {
    return attached.values().stream().filter(on::contains).toList();
  }

  public synchronized List<String> names() {
    return List.copyOf(attached.keySet());
  }

  /** Returns the names of the active adapters. */
  public List<String> active() {
    return on.stream().map(entry -> entry.name).toList();
  }

  /**
   * Returns the identities of the active adapters, in the order in which a layer applies them;
   * empty if one is not on disk.
   */
  public Optional<List<String>> identities() {
    List<Entry> all = inPlaceOrder();
    return all.stream().allMatch(entry -> entry.identity.isPresent())
        ? Optional.of(all.stream().map(entry -> entry.identity.orElseThrow()).toList())
        : Optional.empty();
  }

  /** Returns the identity of one adapter; empty if it is not on disk. */
  public synchronized Optional<List<String>> identities(String name) {
    requireKnown(List.of(name));
    return attached.get(name).identity.map(List::of);
  }

  /** Returns whether no adapter was ever attached. */
  public boolean isUntouched() {
    return count == 0;
  }

  /**
   * Returns what tells results with the active adapters, or with one alone, from those with others;
   * an adapter that replaced another is another.
   *
   * @param alone name of the only adapter; empty for the active ones
   */
  public synchronized String key(Optional<String> alone) {
    alone.ifPresent(this::requireKnown);
    List<Entry> entries = alone.map(name -> List.of(attached.get(name))).orElse(on);
    return entries.stream().map(entry -> "#" + entry.number).collect(Collectors.joining());
  }

  /** Throws an exception if no adapter has this name. */
  public synchronized void requireKnown(String name) {
    requireKnown(List.of(name));
  }

  private void requireKnown(List<String> names) {
    Set<String> distinct = new LinkedHashSet<>(names);
    String problem = "adapters: expected names out of " + names() + ", each once, found " + names;
    for (String name : distinct) {
      if (!attached.containsKey(name)) {
        throw new UnknownAdapterException(name, problem);
      }
    }
    if (distinct.size() != names.size()) {
      throw new IllegalArgumentException(problem);
    }
  }

  /** Returns whether the active adapters are merged into the weights. */
  public boolean isMerged() {
    return merged;
  }

  /** Throws an exception if the adapters are merged into the weights. */
  public void requireUnmerged() {
    if (merged) {
      throw new IllegalStateException("Unmerge the adapters before others are put on or used");
    }
  }

  @Override
  public void close() {
    List<Entry> all = present();
    attached.clear();
    leaving.clear();
    for (int i = all.size() - 1; i >= 0; i--) {
      all.get(i).adapter.close();
    }
  }
}
