package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.linear.AttachedAdapter;

/** An attached adapter that tracks whether it is enabled, merged and closed. */
public abstract class SwitchableAdapter implements AttachedAdapter {

  private boolean enabled = true;
  private boolean merged;
  private boolean closed;

  /** Adds the adapter to the base weights; by default it remains separate. */
  protected void addToBase() {}

  /** Removes the adapter from the base weights. */
  protected void takeFromBase() {}

  protected abstract void switched(boolean on);

  protected abstract void detach();

  protected final boolean isMerged() {
    return merged;
  }

  protected final void requireEnabled(String done) {
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is " + done);
    }
  }

  @Override
  public final void merge() {
    requireOpen();
    requireEnabled("merged");
    addToBase();
    merged = true;
  }

  @Override
  public final void unmerge() {
    requireOpen();
    takeFromBase();
    merged = false;
  }

  @Override
  public final void enabled(boolean on) {
    requireOpen();
    if (merged && !on) {
      throw new IllegalStateException("Unmerge the adapter before it is switched off");
    }
    enabled = on;
    switched(on);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This adapter has been taken off its model");
    }
  }

  @Override
  public final void close() {
    if (!closed) {
      closed = true;
      detach();
    }
  }
}
