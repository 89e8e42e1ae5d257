package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Tensor;
import java.util.List;

/** The part of a layer that works on each position alone. */
sealed interface Mlp permits GatedMlp, PlainMlp {

  Tensor forward(Ops ops, Tensor x);

  List<LinearSlot> linears();
}
