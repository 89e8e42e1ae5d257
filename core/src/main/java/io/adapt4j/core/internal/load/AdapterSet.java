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
 * only while all others are off.
 *
 * <p>Requests can name one adapter that takes part in them instead ({@link #lease}). One that is
 * removed stays on the model, without its name, until the last of its requests has ended.
 *
 * <p>Names can be asked for and leased by any thread; everything else is for the thread that has
 * the model to itself.
 */
public final class AdapterSet implements AutoCloseable {

  /** What computes with the model and prepares for it. */
  public interface Listener {

    /** Where no adapter is named, the network is about to compute something else than so far. */
    default void beforeChange() {}

    /** An adapter has come or goes: what is computed stays, but not where its values lie. */
    default void rearranged() {}

    /** An adapter goes, which no request names any more. */
    default void dropped(AttachedAdapter adapter) {}
  }

  /** An adapter on the model. */
  private static final class Entry {
    private final String name;
    private final AttachedAdapter adapter;

    /** What tells it from others; empty for one that is not on disk. */
    private final Optional<String> identity;

    private int leases;

    Entry(String name, AdapterMechanics mechanics, AttachedAdapter adapter) {
      this.name = name;
      this.adapter = adapter;
      this.identity = mechanics.folder().map(FolderIdentity::ofAdapter);
    }
  }

  /** Keeps an adapter on the model while a request needs it. */
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private boolean ended;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    /** {@return the adapter, which stays until this is closed} */
    public AttachedAdapter adapter() {
      return entry.adapter;
    }

    /** Lets the adapter go. Closing twice is harmless. */
    @Override
    public void close() {
      synchronized (AdapterSet.this) {
        entry.leases -= ended ? 0 : 1;
        ended = true;
      }
    }
  }

  private final Network network;

  /** In the order in which they went on. */
  private final Map<String, Entry> attached = new LinkedHashMap<>();

  /** Removed, but still in use by requests. */
  private final List<Entry> leaving = new ArrayList<>();

  /** Those that are on, in the order in which they went on. */
  private List<Entry> on = List.of();

  /** Those that are on while the set is. */
  private List<Entry> used = List.of();

  private boolean enabled = true;
  private volatile boolean merged;
  private Listener listener = new Listener() {};

  /** Prepares for adapters. */
  public AdapterSet(Network network) {
    this.network = network;
  }

  /** Sets who is told of changes. */
  public void listener(Listener other) {
    listener = other;
  }

  /** Puts an adapter on that takes part at once; where its name is taken it gets a number. */
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

  /** Puts an adapter on that takes no part yet. */
  public void add(String name, AdapterMechanics adapter) {
    requireUnmerged();
    if (name.isBlank() || attached.containsKey(name)) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot name another adapter; taken are " + names());
    }
    requireFitting(name, adapter);
    put(name, adapter);
  }

  /** Replaces an adapter with another one. Requests that were started with the other keep it. */
  public void replace(String name, AdapterMechanics adapter) {
    requireKnown(List.of(name));
    requireUnmerged();
    requireFitting(name, adapter);
    Entry before = attached.get(name);
    Entry entry = put(name, adapter);
    if (used.contains(before)) {
      used = used.stream().map(other -> other == before ? entry : other).toList();
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

  /** Puts an adapter on that takes no part; nothing that is computed changes. */
  private Entry put(String name, AdapterMechanics adapter) {
    List<Entry> before = on;
    try {
      return attach(name, adapter);
    } finally {
      turn(before);
    }
  }

  /** Attaches an adapter, which is the only one on then. */
  private Entry attach(String name, AdapterMechanics adapter) {
    turn(List.of());
    listener.rearranged();
    Entry entry = new Entry(name, adapter, adapter.attach(network));
    on = List.of(entry);
    synchronized (this) {
      attached.remove(name);
      attached.put(name, entry);
    }
    return entry;
  }

  /** Takes an adapter off, as soon as no request needs it any more. */
  public void remove(String name) {
    requireKnown(name);
    requireUnmerged();
    Entry entry = attached.get(name);
    if (used.contains(entry)) {
      used = used.stream().filter(other -> other != entry).toList();
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

  /** Frees what was removed and is not needed any more. */
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

  /** Keeps an adapter on the model for a request that names it. */
  public synchronized Lease lease(String name) {
    requireKnown(name);
    requireUnmerged();
    Entry entry = attached.get(name);
    entry.leases++;
    return new Lease(entry);
  }

  /**
   * {@return the adapters that some tokens of a pass can have instead of those that are on; none
   * where one that is on changes more than linear layers}
   */
  public synchronized List<AttachedAdapter> joinable() {
    return on.stream().allMatch(entry -> entry.adapter.isLowRank())
        ? present().stream().map(entry -> entry.adapter).filter(AttachedAdapter::isLowRank).toList()
        : List.of();
  }

  /** Runs something with one adapter alone. */
  public <T> T with(String name, Supplier<T> action) {
    requireKnown(name);
    List<T> result = new ArrayList<>();
    with(attached.get(name).adapter, () -> result.add(action.get()));
    return result.get(0);
  }

  /** Runs something with one adapter alone. Nothing else may use the model meanwhile. */
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

  /** Lets exactly these adapters take part. */
  public void use(List<String> names) {
    requireKnown(names);
    requireUnmerged();
    used = names.stream().map(attached::get).toList();
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

  private void switchTo(List<Entry> wanted) {
    if (!wanted.equals(on)) {
      listener.beforeChange();
      turn(wanted);
    }
  }

  /** Turns adapters on and off. */
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

  /** Merges those that are on. */
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

  /** Those that are on in the order in which a layer applies them, which is that of attaching. */
  private List<Entry> inPlaceOrder() {
    return attached.values().stream().filter(on::contains).toList();
  }

  public synchronized List<String> names() {
    return List.copyOf(attached.keySet());
  }

  /** Those that are on. */
  public List<String> active() {
    return on.stream().map(entry -> entry.name).toList();
  }

  /**
   * Returns what tells the adapters that are on from others, in the order in which a layer applies
   * them.
   */
  public Optional<List<String>> identities() {
    List<Entry> all = inPlaceOrder();
    return all.stream().allMatch(entry -> entry.identity.isPresent())
        ? Optional.of(all.stream().map(entry -> entry.identity.orElseThrow()).toList())
        : Optional.empty();
  }

  /** Returns what tells one adapter from others. */
  public synchronized Optional<List<String>> identities(String name) {
    requireKnown(List.of(name));
    return attached.get(name).identity.map(List::of);
  }

  /** Requires that there is an adapter. */
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

  /** Requires that adapters are beside the weights. */
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
