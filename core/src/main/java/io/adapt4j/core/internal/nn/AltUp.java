package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RelativeOps;
import io.adapt4j.core.internal.tensor.StreamOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * Alternating updates (Baykal et al. 2023): a layer works on one of several streams; the others are
 * predicted before, and corrected after by what it changed.
 */
public record AltUp(
    Norm norm,
    LinearSlot router,
    LinearSlot prediction,
    LinearSlot correction,
    Parameter scale,
    boolean scales,
    int count,
    int activeStream) {

  /** The stream that the layer works on. */
  public Tensor active(Ops ops, Tensor streams) {
    long width = streams.size(-1) / count;
    return RelativeOps.columns(ops, streams, activeStream * width, width);
  }

  /** The streams as the layer finds them. */
  public Tensor predicted(Ops ops, Tensor streams) {
    Tensor routed = routed(ops, active(ops, streams));
    return StreamOps.mix(ops, streams, prediction.forward(ops, routed), count);
  }

  /** The streams after the layer made something of the active one. */
  Tensor corrected(Ops ops, Tensor predicted, Tensor worked) {
    Tensor routed = routed(ops, worked);
    return StreamOps.correct(ops, predicted, worked, correction.forward(ops, routed), activeStream);
  }

  /** The active stream, as the others read it. */
  Tensor scaled(Ops ops, Tensor stream) {
    return scales ? StreamOps.times(ops, stream, scale) : stream;
  }

  private Tensor routed(Ops ops, Tensor x) {
    Tensor read = ops.scaled(norm.forward(ops, x), 1.0 / x.size(-1));
    return ops.activation(router.forward(ops, read), Activation.TANH);
  }

  List<LinearSlot> linears() {
    return List.of(router, prediction, correction);
  }
}
