package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Several residual streams instead of one (Baykal et al. 2023): created from the embeddings before
 * the first layer, and combined after the last.
 */
public record Streams(List<LinearSlot> spread, List<LinearSlot> gathered) {

  /** Lower bound on the mean square of a projection. */
  public static final double EPS = 1e-5;

  /** {@return the number of streams} */
  public int count() {
    return spread.size() + 1;
  }

  /** Creates the streams: [B, T, hidden] to [B, T, count * hidden]. */
  public Tensor begin(Ops ops, Tensor x) {
    List<Tensor> all = new ArrayList<>(List.of(x));
    for (LinearSlot slot : spread) {
      all.add(StreamOps.matched(ops, slot.forward(ops, x), x, EPS));
    }
    return ops.joinColumns(all);
  }

  /** Combines the streams: [B, T, count * hidden] to [B, T, hidden]. */
  public Tensor end(Ops ops, Tensor x) {
    Tensor[] streams = ops.splitEvenly(x, count());
    List<Tensor> all = new ArrayList<>(List.of(streams[0]));
    for (int i = 0; i < gathered.size(); i++) {
      Tensor projected = gathered.get(i).forward(ops, streams[i + 1]);
      all.add(StreamOps.matched(ops, projected, streams[0], EPS));
    }
    return StreamOps.mean(ops, ops.joinColumns(all), count());
  }

  public List<LinearSlot> linears() {
    return Stream.concat(spread.stream(), gathered.stream()).toList();
  }

  public List<Parameter> parameters() {
    return linears().stream().flatMap(slot -> slot.linear().parameters().stream()).toList();
  }
}
