package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;

/** Placeholder in a layer that mixes no positions; never applied. */
public record NoMixer() implements Mixer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    throw new IllegalStateException("layer " + layer + " mixes no positions");
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }

  @Override
  public List<Parameter> ownParameters() {
    return List.of();
  }

  @Override
  public CacheShape cache() {
    return CacheShape.ofStates(List.of());
  }

  @Override
  public Set<Long> windows() {
    return Set.of();
  }

  @Override
  public Object kind() {
    return "none";
  }
}
