package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One of two layers between which a branch passes the second (LongCat-Flash, Meituan 2025). The
 * first computes the branch from its MLP's input, and returns it beside the residual stream; the
 * second adds it to its own output.
 *
 * @param branch the branch in the first layer; null in the second
 */
public record ShortcutLayer(SequentialLayer layer, @Nullable Mlp branch) implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    long width = x.size(2) / 2;
    Tensor[] parts = branch == null ? ops.splitColumns(x, width, width) : new Tensor[] {x};
    Tensor read = layer.beforeAttention().forward(ops, parts[0]);
    Tensor attended = layer.mixer().forward(ops, read, positions, index);
    Tensor mixed = ops.add(parts[0], ops.dropAttentionOutput(attended));
    Tensor normed = layer.beforeMlp().forward(ops, mixed);
    Tensor sum = ops.add(mixed, ops.dropMlpOutput(layer.mlp().forward(ops, normed)));
    return branch == null
        ? ops.add(sum, parts[1])
        : ops.joinColumns(List.of(sum, branch.forward(ops, normed)));
  }

  @Override
  public boolean isUnfinished() {
    return branch != null;
  }

  @Override
  public Mixer mixer() {
    return layer.mixer();
  }

  /** {@return the experts in the first layer, otherwise the dense MLP} */
  @Override
  public Mlp mlp() {
    return branch == null ? layer.mlp() : branch;
  }

  @Override
  public List<Norm> norms() {
    return layer.norms();
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>();
    slots.addAll(layer.linears());
    if (branch != null) {
      slots.addAll(branch.linears());
    }
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    return branch == null ? List.of() : layer.mlp().otherParameters();
  }
}
