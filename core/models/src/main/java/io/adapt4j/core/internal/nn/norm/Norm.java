package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Normalization over the last dimension, or none. */
public sealed interface Norm
    permits RmsNorm,
        UnitRmsNorm,
        LayerNorm,
        UnitLayerNorm,
        HeadsLayerNorm,
        JoinedNorms,
        LayerScale,
        Norm.None {

  /** No normalization. */
  Norm NONE = new None();

  Tensor forward(Ops ops, Tensor x);

  /** Normalizes x + added, if nothing else needs their sum. */
  Tensor ofSum(Ops ops, Tensor x, Tensor added);

  List<Parameter> parameters();

  /** Returns its input. */
  record None() implements Norm {

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return x;
    }

    @Override
    public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
      return ops.add(x, added);
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }
  }
}
