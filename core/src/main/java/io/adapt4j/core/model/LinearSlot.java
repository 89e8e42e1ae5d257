package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;

/** The place of a linear layer in a model, where another may be put in its stead. */
public final class LinearSlot {

  private Linear linear;

  LinearSlot(Linear linear) {
    this.linear = linear;
  }

  /**
   * Returns the layer that runs here now.
   *
   * @return the layer; the decoder closes it
   */
  public Linear linear() {
    return linear;
  }

  /**
   * Returns the projections that run here.
   *
   * @return left to right
   */
  public List<Linear.Part> parts() {
    return linear.parts();
  }

  /**
   * Puts a layer in the place of the present one.
   *
   * @param change makes the new layer from the present one, which it then owns or closes
   */
  public void replace(UnaryOperator<Linear> change) {
    linear = change.apply(linear);
  }

  Tensor forward(Ops ops, Tensor x) {
    return linear.forward(ops, x);
  }
}
