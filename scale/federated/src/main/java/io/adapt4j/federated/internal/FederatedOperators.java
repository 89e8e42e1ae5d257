package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.OperatorLibrary;

/** TorchScript operators of this module. */
final class FederatedOperators {

  private static final OperatorLibrary LIBRARY =
      OperatorLibrary.of(FederatedOperators.class, "federated.py");

  private FederatedOperators() {}

  static Operator operator(String name) {
    return LIBRARY.operator(name);
  }
}
