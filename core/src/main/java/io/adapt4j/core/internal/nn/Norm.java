package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** A normalization over the last dimension, or none where a family leaves one out. */
public sealed interface Norm permits RmsNorm, UnitRmsNorm, LayerNorm, UnitLayerNorm, Norm.None {

  /** The absent norm. */
  Norm NONE = new None();

  Tensor forward(Ops ops, Tensor x);

  /** The norm of x + added, where their sum is needed for nothing else. */
  Tensor ofSum(Ops ops, Tensor x, Tensor added);

  List<Parameter> parameters();

  /** Hands its input on. */
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
