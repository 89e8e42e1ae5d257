package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** The part of a layer that mixes positions: attention or a recurrence. */
public sealed interface Mixer
    permits Attention,
        GatedAttention,
        LatentAttention,
        MixerSum,
        NoMixer,
        RecurrentMixer,
        SharingAttention {

  /**
   * Applies the mixer.
   *
   * @param x [B, T, hidden]
   * @return [B, T, hidden]
   */
  Tensor forward(Ops ops, Tensor x, Positions positions, int layer);

  List<LinearSlot> linears();

  /** Returns projections that only choose what is read, and so have no gradient. */
  default List<LinearSlot> choosingLinears() {
    return List.of();
  }

  /** Returns the parameters other than those of the projections. */
  List<Parameter> ownParameters();

  /** {@return the index of an earlier layer whose input it also reads} */
  default OptionalInt source() {
    return OptionalInt.empty();
  }

  /** Returns the shape of its cache. */
  CacheShape cache();

  /** Returns the attention windows that need masks; 0 for the whole text. */
  Set<Long> windows();

  /** Returns everything that determines its memory use, except for its parameters. */
  Object kind();
}
