package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** The part of a layer that works on each position alone. */
public sealed interface Mlp permits GatedMlp, PlainMlp {

  Tensor forward(Ops ops, Tensor x);

  List<LinearSlot> linears();
}
