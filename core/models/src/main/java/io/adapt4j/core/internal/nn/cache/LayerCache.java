package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.RecurrentOps;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/** Keys, values and states of earlier tokens, as the layers of a pass use them. */
public sealed interface LayerCache permits KvCache, JoinedCache {

  /** Recurrence of new tokens from a state, which it replaces. */
  interface Recurrent {
    Tensor over(Tensor x, RecurrentOps.State state);
  }

  /**
   * Appends keys and values and attends.
   *
   * @return the concatenated heads [B, T, H D]
   */
  Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule);

  /**
   * Appends keys, which are the values too, and attends to those that new tokens choose.
   *
   * @return the concatenated heads [B, T, H D]
   */
  Tensor attend(
      int layer, Tensor q, Tensor k, Selection selection, Tensor mask, AttentionRule rule);

  /** {@return the length of the longest text with the new tokens, whose number is given} */
  long longest(long tokens);

  /** {@return whether there are no tokens, so that new ones attend to each other alone} */
  boolean isEmpty();

  /** Appends keys and values without attending. */
  void append(int layer, Tensor k, Tensor v);

  /** Attends with sinks. */
  Tensor attend(
      int layer, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule);

  /** Attends from a joined projection, whose queries and keys are rotated first. */
  Tensor attend(
      int layer, Tensor projected, Heads heads, RotaryTable table, Tensor mask, AttentionRule rule);

  /** Continues a recurrence. */
  Tensor recur(int layer, Tensor x, Recurrent recurrent);

  /** Counts the tokens of a completed pass as cached. */
  void advance(long tokens);
}
