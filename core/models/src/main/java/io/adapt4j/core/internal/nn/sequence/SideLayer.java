package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.nn.attention.CrossAttention;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A layer of an encoder-decoder: self-attention, in a decoder cross-attention to the encoder's
 * states, and an MLP, each added to the residual stream.
 */
public record SideLayer(
    SideAttention attention,
    Norm attentionNorm,
    @Nullable CrossAttention cross,
    Norm crossNorm,
    Mlp mlp,
    Norm mlpNorm,
    boolean normFirst) {

  /**
   * Runs the layer.
   *
   * @param memory the encoder's states; null in an encoder, or if a cache has their keys and values
   */
  Tensor forward(
      Ops ops, Tensor x, @Nullable Tensor memory, SidePlaces places, int number, int index) {
    Ops own = ops.inLayer(number);
    Tensor mixed =
        added(
            own,
            attentionNorm,
            x,
            in -> own.dropAttentionOutput(attention.forward(own, in, places, index)));
    if (cross != null) {
      Ops reading = ops.inLayer(number + 1);
      Tensor[] read =
          places.cache() == null ? cross.memory(reading, memory) : places.cache().memory(index);
      Tensor before = mixed;
      mixed =
          added(
              reading,
              crossNorm,
              before,
              in ->
                  reading.dropAttentionOutput(
                      cross.forward(reading, in, read, places.memoryMask())));
    }
    return added(own, mlpNorm, mixed, in -> own.dropMlpOutput(mlp.forward(own, in)));
  }

  private Tensor added(Ops ops, Norm norm, Tensor x, UnaryOperator<Tensor> part) {
    return normFirst
        ? ops.add(x, part.apply(norm.forward(ops, x)))
        : norm.ofSum(ops, x, part.apply(x));
  }

  List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(attention.linears());
    if (cross != null) {
      slots.addAll(cross.linears());
    }
    slots.addAll(mlp.linears());
    return slots;
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    if (attention.distances() != null) {
      all.add(attention.distances());
    }
    List.of(attentionNorm, crossNorm, mlpNorm).forEach(norm -> all.addAll(norm.parameters()));
    return all;
  }
}
