package io.adapt4j.lora.internal;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.OperatorLibrary;

/** TorchScript operators of this module. */
public final class LoraOperators {

  private static final OperatorLibrary LIBRARY =
      OperatorLibrary.of(
          LoraOperators.class, "low_rank.py", "dora.py", "factorization.py", "projections.py");

  private LoraOperators() {}

  public static Operator operator(String name) {
    return LIBRARY.operator(name);
  }
}
