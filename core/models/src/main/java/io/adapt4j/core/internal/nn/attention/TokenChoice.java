package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.cache.Selection;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Choice of the tokens that attention reads: of an indexer, or of an earlier layer's. */
public sealed interface TokenChoice permits TokenIndex, EarlierChoice {

  /**
   * Inputs of a layer's choice: hidden states [B, T, hidden], and those of queries [B, T, rank].
   */
  record Inputs(Tensor x, Tensor read, RotaryTable table) {}

  /** Returns the number of tokens read. */
  int chosen();

  /** Returns the width of its cached keys; 0 for none. */
  int dim();

  List<Parameter> parameters();

  /** Returns its projections, which have no gradient. */
  List<LinearSlot> linears();

  /** Returns keys of attention with its own before them. */
  Tensor withKeys(Inputs inputs, Tensor key);

  /** Returns queries of attention [B, H, T, D] with columns for its keys, which add no score. */
  Tensor widened(Tensor q);

  /** Returns the choice of tokens for a layer. */
  Selection selection(Inputs inputs, Positions positions, int layer);

  /** Returns the mask of texts without earlier tokens. */
  Tensor mask(Inputs inputs, @Nullable Tensor mask, Positions positions, int layer);

  /** Returns everything that determines its memory use, except for its parameters. */
  Object kind();

  /** Rejects texts of which tokens are chosen, where that is not supported. */
  default void requireAllChosen(Positions positions, long tokens) {
    boolean isPacked = positions.documents() != null;
    long longest = isPacked ? positions.documents().longest() : positions.cache().longest(tokens);
    if (longest > chosen()) {
      throw new IllegalArgumentException(
          ("text: expected at most index_topk, %d tokens, found %d, of which this model chooses those"
                  + " it reads; %s")
              .formatted(
                  chosen(),
                  longest,
                  isPacked
                      ? "train without packing"
                      : "load kv_b_proj unquantized, and merge the adapter on it"));
    }
  }
}
