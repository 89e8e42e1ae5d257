package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;

/**
 * Stored logits as hidden states of an output layer that is the identity: gradients of the hidden
 * states are then gradients of the logits.
 *
 * @param size length of a row of logits
 */
record StoredLogits(GoldenFolder golden, int size, Parameter weight, Scope scope)
    implements AutoCloseable {

  static StoredLogits open(GoldenFolder golden, String tensor) {
    var shape = golden.tensors().entry(tensor).shape();
    int size = Math.toIntExact(shape.get(shape.size() - 1));
    Scope scope = Scope.open();
    Parameter weight = Parameter.of("identity", size, size);
    weight.allocate(DType.F32);
    float[] ones = new float[size * size];
    for (int i = 0; i < size; i++) {
      ones[i * size + i] = 1;
    }
    weight.value().copyFrom(Tensor.of(ones, size, size));
    return new StoredLogits(golden, size, weight, scope);
  }

  VocabularyHead head() {
    return VocabularyHead.of(weight);
  }

  Tensor rows(String tensor, int[] places) {
    float[] all = golden.floats(tensor);
    float[] taken = new float[places.length * size];
    for (int i = 0; i < places.length; i++) {
      System.arraycopy(all, places[i] * size, taken, i * size, size);
    }
    return Tensor.of(taken, places.length, size);
  }

  /** Compares a gradient at places, 0 elsewhere, with an expected tensor if there is one. */
  void gradient(String tensor, int[] places, Tensor found, double tolerance) {
    if (!golden.has(tensor)) {
      return;
    }
    float[] expected = golden.floats(tensor);
    float[] all = new float[expected.length];
    float[] taken = found.toFloats();
    for (int i = 0; i < places.length; i++) {
      System.arraycopy(taken, i * size, all, places[i] * size, size);
    }
    golden.compared(tensor, Deviation.scaled(all, expected, tolerance));
  }

  @Override
  public void close() {
    weight.close();
    scope.close();
  }
}
