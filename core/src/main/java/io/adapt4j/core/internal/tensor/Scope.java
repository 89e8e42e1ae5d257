package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Owns the tensors made on a thread between its opening and its closing, and says which engine
 * makes them.
 *
 * <p>Scopes nest and are closed innermost first, as try-with-resources does.
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
   * Opens a scope on this thread; it takes every tensor made here until it is closed.
   *
   * @return the scope, closed by the caller on this thread
   */
  public static Scope open() {
    return open(Engine.current());
  }

  /** Opens a scope in which tensors are made on another engine than the current one. */
  public static Scope open(Engine engine) {
    Scope scope = new Scope(CURRENT.get(), engine, true);
    CURRENT.set(scope);
    return scope;
  }

  /** A scope that takes only what is given to it; it may be closed anywhere. */
  static Scope holder() {
    return new Scope(null, null, false);
  }

  static Scope current() {
    return CURRENT.get();
  }

  /** The engine of the tensors made while this scope is the innermost one. */
  Engine engine() {
    return engine;
  }

  void adopt(Tensor tensor) {
    if (closed) {
      throw new IllegalStateException("A tensor was given to a closed scope");
    }
    tensor.scope(this);
    tensors.add(tensor);
  }

  /**
   * Moves a tensor to the enclosing scope, or to the caller where there is none. A tensor this
   * scope does not own stays where it is.
   *
   * @param tensor the tensor to save from this scope's closing; null is passed through
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
