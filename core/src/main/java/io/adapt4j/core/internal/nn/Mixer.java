package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** The part of a layer in which positions see earlier ones: attention, or a recurrence. */
public sealed interface Mixer
    permits Attention, GatedAttention, MixerSum, RecurrentMixer, SharingAttention {

  /**
   * Applies it.
   *
   * @param x [B, T, hidden]
   * @return [B, T, hidden]
   */
  Tensor forward(Ops ops, Tensor x, Positions positions, int layer);

  List<LinearSlot> linears();

  /** Parameters besides those of the projections. */
  List<Parameter> ownParameters();

  /** {@return the number of an earlier layer whose input it reads too} */
  default OptionalInt source() {
    return OptionalInt.empty();
  }

  /** What it keeps of tokens. */
  CacheShape cache();

  /** The windows of attention that it needs masks for; 0 for the whole text. */
  Set<Long> windows();

  /** All that decides what memory it takes, besides its parameters. */
  Object kind();
}
