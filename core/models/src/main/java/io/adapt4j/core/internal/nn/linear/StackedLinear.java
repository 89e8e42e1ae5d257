package io.adapt4j.core.internal.nn.linear;

/** A linear layer that wraps another one and changes its result, such as an adapter. */
public interface StackedLinear extends WrappedLinear {

  /** Replaces the wrapped layer, without closing the previous one. */
  void base(Linear other);

  /** Removes a layer from a stack of wrappers. */
  static Linear without(Linear top, StackedLinear gone) {
    if (top == gone) {
      return gone.base();
    }
    StackedLinear above = requireStacked(top);
    while (above.base() != gone) {
      above = requireStacked(above.base());
    }
    above.base(gone.base());
    return top;
  }

  private static StackedLinear requireStacked(Linear layer) {
    if (layer instanceof StackedLinear stacked) {
      return stacked;
    }
    throw new IllegalStateException(
        "Another layer stands in front of this adapter; take that one off first");
  }
}
