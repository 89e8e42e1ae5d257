package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;
import java.util.List;

/** A normalisation over the last dimension, or none where a family leaves one out. */
sealed interface Norm permits RmsNorm, LayerNorm, Norm.None {

  /** The absent norm. */
  Norm NONE = new None();

  Tensor forward(Ops ops, Tensor x);

  List<Parameter> parameters();

  /** Hands its input on. */
  record None() implements Norm {

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return x;
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }
  }
}
