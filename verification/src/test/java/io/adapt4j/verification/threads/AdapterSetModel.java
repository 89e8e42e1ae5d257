package io.adapt4j.verification.threads;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Adapters that are replaced while requests use them: a request keeps the one that it began with,
 * which stays on the model until then, and each is taken off once.
 */
public final class AdapterSetModel {

  private static final String NAME = "a";

  /** No part of the set looks into the network. */
  @SuppressWarnings("NullAway")
  private final AdapterSet set = new AdapterSet(null);

  /** Whoever changes the set has the model to itself. */
  private final ReentrantLock model = new ReentrantLock();

  private final List<Fake> all = new ArrayList<>();

  /** Begins with one. */
  public AdapterSetModel() {
    set.add(NAME, new Fake(0));
  }

  /** A request. Returns which adapter it had. */
  @Operation
  public int request() {
    try (AdapterSet.Lease lease = set.lease(NAME)) {
      Fake adapter = (Fake) lease.adapter();
      if (adapter.closed.get() > 0) {
        throw new AssertionError("a request has an adapter that was taken off");
      }
      int number = adapter.number;
      if (adapter.closed.get() > 0) {
        throw new AssertionError("an adapter was taken off while a request had it");
      }
      return number;
    }
  }

  /** Puts the next one in its place. Returns which that is. */
  @Operation
  public int replace() {
    model.lock();
    try {
      Fake next = new Fake(all.size());
      set.replace(NAME, next);
      return next.number;
    } finally {
      model.unlock();
    }
  }

  /** Takes off what no request needs. */
  @Operation
  public List<String> drop() {
    model.lock();
    try {
      set.dropUnneeded();
      return set.names();
    } finally {
      model.unlock();
    }
  }

  /** When all requests have ended. */
  @Validate
  public void onlyTheLastIsLeft() {
    set.dropUnneeded();
    for (Fake adapter : all) {
      int expected = adapter == all.get(all.size() - 1) ? 0 : 1;
      if (adapter.closed.get() != expected) {
        throw new AssertionError(
            "adapter " + adapter.number + " was taken off " + adapter.closed.get() + " times");
      }
    }
  }

  /** An adapter that does nothing. */
  private final class Fake implements AdapterMechanics, AttachedAdapter {
    private final int number;
    private final AtomicInteger closed = new AtomicInteger();

    Fake(int number) {
      this.number = number;
      all.add(this);
    }

    @Override
    public List<String> problems(Network declared) {
      return List.of();
    }

    @Override
    public TrainableSummary trainableSummary(Network declared) {
      throw new UnsupportedOperationException();
    }

    @Override
    public AttachedAdapter attach(Network network) {
      return this;
    }

    @Override
    public void merge() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void unmerge() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void enabled(boolean on) {
      if (closed.get() > 0) {
        throw new AssertionError("an adapter was switched after it was taken off");
      }
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }
}
