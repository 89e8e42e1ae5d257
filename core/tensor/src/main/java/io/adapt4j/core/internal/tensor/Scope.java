package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Owner of the tensors created on a thread while it is open, which also selects their engine.
 *
 * <p>Scopes nest and are closed innermost first, as by try-with-resources.
 */
public final class Scope implements AutoCloseable {

  private static final ThreadLocal<Scope> CURRENT = new ThreadLocal<>();

  private final Scope parent;
  private final Engine engine;
  private final boolean onStack;
  private final List<Tensor> tensors = new ArrayList<>();
  private boolean closed;

  private Scope(Scope parent, Engine engine, boolean onStack) {
    this.parent = parent;
    this.engine = engine;
    this.onStack = onStack;
  }

  /**
   * Opens a scope on this thread, which owns every tensor created here until it is closed.
   *
   * @return the scope, closed by the caller on this thread
   */
  public static Scope open() {
    return open(Engine.current());
  }

  /** Opens a scope whose tensors are created on the given engine. */
  public static Scope open(Engine engine) {
    Scope scope = new Scope(CURRENT.get(), engine, true);
    CURRENT.set(scope);
    return scope;
  }

  /** Creates a scope that owns only what is moved to it; it may be closed on any thread. */
  public static Scope holder() {
    return new Scope(null, null, false);
  }

  public static Scope current() {
    return CURRENT.get();
  }

  /** Returns the engine of tensors created while this scope is the innermost one. */
  public Engine engine() {
    return engine;
  }

  public void adopt(Tensor tensor) {
    if (closed) {
      throw new IllegalStateException("A tensor was given to a closed scope");
    }
    tensor.scope(this);
    tensors.add(tensor);
  }

  /**
   * Moves a tensor to the enclosing scope or, without one, to the caller. A tensor this scope does
   * not own is left alone.
   *
   * @param tensor the tensor that survives this scope; null is passed through
   */
  public Tensor keep(Tensor tensor) {
    if (tensor != null && tensor.scope() == this) {
      if (parent == null) {
        tensor.own();
      } else {
        parent.adopt(tensor);
      }
    }
    return tensor;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (onStack) {
      if (CURRENT.get() != this) {
        throw new IllegalStateException("Scopes must be closed innermost first, on their thread");
      }
      if (parent == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(parent);
      }
    }
    for (Tensor tensor : tensors) {
      if (tensor.scope() == this) {
        tensor.close();
      }
    }
    tensors.clear();
  }
}
