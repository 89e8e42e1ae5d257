package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * A transformer layer: a mixer over positions and an MLP, with norms in places that depend on its
 * kind.
 */
public sealed interface Layer
    permits SequentialLayer,
        ParallelLayer,
        PostNormLayer,
        DistanceLayer,
        ConvolvedLayer,
        InputLayer,
        ShortcutLayer,
        StreamLayer,
        BranchLayer {

  Tensor forward(Ops ops, Tensor x, Positions positions, int index);

  /** Returns the mixer over positions. */
  Mixer mixer();

  Mlp mlp();

  /** Returns the norms, in the order of the checkpoint. */
  List<Norm> norms();

  default List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(mixer().linears());
    slots.addAll(mlp().linears());
    return slots;
  }

  /** {@return whether it reads the {@link LayerInputs}} */
  default boolean readsLayerInputs() {
    return false;
  }

  /** {@return whether its output is no hidden state yet, but what the next layer needs} */
  default boolean isUnfinished() {
    return false;
  }

  /** {@return the parameters other than those of mixer, MLP, linear layers and norms} */
  default List<Parameter> otherParameters() {
    return List.of();
  }

  default List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    all.addAll(mixer().ownParameters());
    all.addAll(mlp().otherParameters());
    norms().forEach(norm -> all.addAll(norm.parameters()));
    all.addAll(otherParameters());
    return all;
  }
}
