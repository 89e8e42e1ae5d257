package io.adapt4j.core.internal.nn;

/** A linear layer that stands in front of another one and changes what it computes. */
public interface StackedLinear extends Linear {

  /** {@return the layer behind this one} */
  Linear base();

  /** Stands in front of another layer from now on, without closing the one before. */
  void base(Linear other);

  /** Takes a layer out of a stack. Those in front of it close the gap. */
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
