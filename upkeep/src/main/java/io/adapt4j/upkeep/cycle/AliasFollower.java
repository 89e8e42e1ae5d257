package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Adapters on a running model that follow an alias of a registry: the version that the alias names,
 * and also the challenger, if some requests are to be answered by it. {@link #update} swaps
 * versions in one step; call it on a schedule. An answer comes from the version of its {@link
 * Lease}, which stays loaded until the lease is closed. Thread-safe.
 *
 * <p>On the model each version is an adapter called by its reference, such as {@code support@3}.
 */
public final class AliasFollower {

  private final Registry registry;
  private final String name;
  private final String alias;
  private final LanguageModel base;
  private final Function<Path, Adapter> reader;
  private final Object updating = new Object();

  /** Versions on the model, by digest. Guarded by this, as all below. */
  private final Map<String, Loaded> loaded = new HashMap<>();

  private @Nullable Canary canary;
  private double canaryShare;
  private double shadowShare;

  /** A version on the model, and the number of its open leases. */
  private static final class Loaded {

    private final ModelVersion version;
    private final LanguageModel model;
    private int leases;

    Loaded(ModelVersion version, LanguageModel model) {
      this.version = version;
      this.model = model;
    }
  }

  /** Use of a version for an answer. Close it after the answer. */
  public final class Lease implements AutoCloseable {

    private final Loaded held;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Lease(Loaded held) {
      this.held = held;
      held.leases++;
    }

    /** {@return the base model with the version's adapter} */
    public LanguageModel model() {
      return held.model;
    }

    /** {@return the version} */
    public ModelVersion version() {
      return held.version;
    }

    /** Ends the use. Closing twice is harmless. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        synchronized (AliasFollower.this) {
          held.leases--;
        }
      }
    }
  }

  /**
   * Creates a follower; nothing is loaded before {@link #update}.
   *
   * @param registry registry of the versions
   * @param reference name and alias, such as {@code support@production}
   * @param base the running model, on which the versions were trained
   */
  public AliasFollower(Registry registry, String reference, LanguageModel base) {
    this(registry, reference, base, Adapter::at);
  }

  /**
   * Creates a follower that reads adapters in its own way.
   *
   * @param reader returns the adapter of a version's folder
   */
  public AliasFollower(
      Registry registry, String reference, LanguageModel base, Function<Path, Adapter> reader) {
    this.registry = registry;
    int at = reference.indexOf('@');
    this.name = at < 0 ? reference : reference.substring(0, at);
    this.alias = at < 0 ? Registry.PRODUCTION : reference.substring(at + 1);
    this.base = base;
    this.reader = reader;
  }

  /**
   * Sets the share of keys that the challenger answers, from the next update on; default 0.
   *
   * @param share from 0 to 1
   * @return this
   */
  public synchronized AliasFollower canary(double share) {
    canaryShare = Canary.requireShare(share);
    return this;
  }

  /**
   * Sets the share of requests of which the challenger answers a copy, from the next update on;
   * default 0.
   *
   * @param share from 0 to 1
   * @return this
   */
  public synchronized AliasFollower shadow(double share) {
    shadowShare = Canary.requireShare(share);
    return this;
  }

  /**
   * Loads the versions that the aliases name, and frees those that nobody uses any more. If the
   * alias's version cannot be loaded, everything stays as it is; without a challenger that cannot
   * be loaded, its keys get the alias's version.
   *
   * @return the version that answers now, if it is another one than before
   */
  public Optional<ModelVersion> update() {
    synchronized (updating) {
      Optional<ModelVersion> before = serving();
      Canary next = Canary.of(registry, name, alias, canaryShare());
      load(next.production());
      RuntimeException failure = null;
      if (next.challenger().isPresent()) {
        try {
          load(next.challenger().get());
        } catch (RuntimeException e) {
          failure = e;
          next = next.withoutChallenger();
        }
      }
      for (Loaded unused : swap(next)) {
        base.removeAdapter(unused.version.reference());
      }
      if (failure != null) {
        throw failure;
      }
      ModelVersion now = next.production();
      return before.filter(now::equals).isPresent() ? Optional.empty() : Optional.of(now);
    }
  }

  /** Returns the share of a canary; one without keys if there are only shadows, or neither. */
  private synchronized Optional<Double> canaryShare() {
    return canaryShare == 0 && shadowShare == 0 ? Optional.empty() : Optional.of(canaryShare);
  }

  private void load(ModelVersion version) {
    synchronized (this) {
      if (loaded.containsKey(version.digest())) {
        return;
      }
    }
    base.addAdapter(version.reference(), reader.apply(version.folder()));
    Loaded added = new Loaded(version, base.withAdapter(version.reference()));
    synchronized (this) {
      loaded.put(version.digest(), added);
    }
  }

  /** Makes further leases choose from other versions; returns the versions to free. */
  private synchronized List<Loaded> swap(Canary next) {
    canary = next;
    List<Loaded> unused = new ArrayList<>();
    for (Loaded one : List.copyOf(loaded.values())) {
      boolean wanted =
          one.version.equals(next.production())
              || next.challenger().filter(one.version::equals).isPresent();
      if (!wanted && one.leases == 0) {
        loaded.remove(one.version.digest());
        unused.add(one);
      }
    }
    return unused;
  }

  /** {@return the version of the alias, as of the last update} */
  public synchronized Optional<ModelVersion> serving() {
    return Optional.ofNullable(canary).map(Canary::production);
  }

  /**
   * Chooses the version for a request.
   *
   * @param key identity of a customer, session, or conversation, which keeps its version
   * @return the version, to be closed after the answer
   * @throws IllegalStateException before the first update
   */
  public synchronized Lease lease(String key) {
    if (canary == null) {
      throw new IllegalStateException(
          "%s@%s: nothing is loaded yet. Call update first.".formatted(name, alias));
    }
    return lease(canary.version(key));
  }

  /**
   * Draws whether the challenger answers a copy of a request.
   *
   * @return the challenger, to be closed after its answer; empty for no copy
   */
  public synchronized Optional<Lease> shadow() {
    return ThreadLocalRandom.current().nextDouble() < shadowShare && canary != null
        ? canary.challenger().map(this::lease)
        : Optional.empty();
  }

  private Lease lease(ModelVersion version) {
    return new Lease(Objects.requireNonNull(loaded.get(version.digest())));
  }
}
