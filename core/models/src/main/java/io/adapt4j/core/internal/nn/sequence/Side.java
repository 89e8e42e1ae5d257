package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.EmbeddingSlot;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One side of an encoder-decoder, without the token embedding. */
public record Side(
    EmbeddingSlot tokens,
    @Nullable SourcePositions positions,
    @Nullable RelativePositions relative,
    Norm embeddingNorm,
    List<SideLayer> layers,
    Norm norm,
    boolean dropsLast) {

  /**
   * Runs the side.
   *
   * @param ids token ids [B, T]
   * @return [B, T, hidden]
   */
  public Tensor forward(
      Ops ops,
      Tensor ids,
      Positions at,
      @Nullable Tensor memory,
      SidePlaces places,
      boolean recompute,
      Drop drop,
      @Nullable List<Tensor> states) {
    Tensor x = tokens.forward(ops, ids, at);
    if (positions != null) {
      x = ops.add(x, positions.forward(ops, places.positions()));
    }
    x = ops.dropout(embeddingNorm.forward(ops, x), drop.rate(), drop.first());
    keep(states, x);
    for (int i = 0; i < layers.size(); i++) {
      SideLayer layer = layers.get(i);
      int index = i;
      int number = drop.layer() + 2 * i;
      Tensor next =
          memory == null
              ? ops.checkpoint(
                  x,
                  recompute,
                  (inner, in) -> layer.forward(inner, in, null, places, number, index))
              : ops.checkpoint(
                  x,
                  memory,
                  recompute,
                  (inner, in) -> layer.forward(inner, in, memory, places, number, index));
      if (!ops.isDifferentiated(next) && states == null) {
        x.close();
      }
      x = next;
      keep(states, x);
    }
    Tensor last = norm.forward(ops, x);
    keep(states, last);
    return dropsLast ? ops.dropout(last, drop.rate(), drop.last()) : last;
  }

  /** Dropout outside of a side's layers, and the numbering of dropout places within them. */
  public record Drop(double rate, long first, long last, int layer) {}

  private static void keep(@Nullable List<Tensor> states, Tensor x) {
    if (states != null) {
      states.add(x);
    }
  }

  public List<LinearSlot> linears() {
    return layers.stream().flatMap(layer -> layer.linears().stream()).toList();
  }

  /** Returns the parameters outside of the layers, without the token embedding. */
  public List<Parameter> outerParameters() {
    List<Parameter> all = new ArrayList<>();
    if (positions != null) {
      all.addAll(positions.parameters());
    }
    all.addAll(embeddingNorm.parameters());
    if (relative != null) {
      all.add(relative.table());
    }
    all.addAll(norm.parameters());
    return all;
  }
}
