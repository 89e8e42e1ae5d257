package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;

/** Attention and a recurrence on the same input in parallel, whose outputs are added. */
public record MixerSum(Branch recurrent, Branch attention) implements Mixer {

  /** A mixer with factors for its input and output. */
  public record Branch(Mixer mixer, double in, double out) {

    Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
      return mixer.forward(ops, ops.scaled(x, in), positions, layer);
    }
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Tensor first = ops.scaled(recurrent.forward(ops, x, positions, layer), recurrent.out());
    return ops.add(first, attention.forward(ops, x, positions, layer), attention.out());
  }

  private List<Mixer> mixers() {
    return List.of(recurrent.mixer(), attention.mixer());
  }

  @Override
  public List<LinearSlot> linears() {
    return mixers().stream().flatMap(mixer -> mixer.linears().stream()).toList();
  }

  @Override
  public List<Parameter> ownParameters() {
    return mixers().stream().flatMap(mixer -> mixer.ownParameters().stream()).toList();
  }

  @Override
  public CacheShape cache() {
    CacheShape keys = attention.mixer().cache();
    return new CacheShape(
        keys.keyValueHeads(),
        keys.headDim(),
        keys.keysAreValues(),
        recurrent.mixer().cache().states());
  }

  @Override
  public Set<Long> windows() {
    return attention.mixer().windows();
  }

  @Override
  public Object kind() {
    return List.of(recurrent.mixer().kind(), attention.mixer().kind());
  }
}
