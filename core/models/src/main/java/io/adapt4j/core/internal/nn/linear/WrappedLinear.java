package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** A linear layer in front of another one, whose projections, widths and parameters it has. */
public interface WrappedLinear extends Linear {

  /** {@return the wrapped layer} */
  Linear base();

  @Override
  default List<Part> parts() {
    return base().parts();
  }

  @Override
  default long inFeatures() {
    return base().inFeatures();
  }

  @Override
  default long outFeatures() {
    return base().outFeatures();
  }

  /** Returns the base layer's parameters only, which are those of the checkpoint. */
  @Override
  default List<Parameter> parameters() {
    return base().parameters();
  }

  @Override
  default Linear innermost() {
    return base().innermost();
  }
}
