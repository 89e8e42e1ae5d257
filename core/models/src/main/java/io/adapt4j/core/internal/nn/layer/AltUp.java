package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Alternating updates (AltUp, Baykal et al. 2023): a layer processes one of several residual
 * streams; all streams are predicted before the layer, and corrected after it by the change it
 * made.
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

  /** Returns the stream that the layer processes. */
  public Tensor active(Ops ops, Tensor streams) {
    long width = streams.size(-1) / count;
    return RelativeOps.columns(ops, streams, activeStream * width, width);
  }

  /** Returns the predicted streams, the input of the layer. */
  public Tensor predicted(Ops ops, Tensor streams) {
    Tensor routed = routed(ops, active(ops, streams));
    return StreamOps.mix(ops, streams, prediction.forward(ops, routed), count);
  }

  /** Returns the streams corrected by the layer's output for the active one. */
  Tensor corrected(Ops ops, Tensor predicted, Tensor worked) {
    Tensor routed = routed(ops, worked);
    return StreamOps.correct(ops, predicted, worked, correction.forward(ops, routed), activeStream);
  }

  /** Returns the active stream as the other streams read it. */
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
