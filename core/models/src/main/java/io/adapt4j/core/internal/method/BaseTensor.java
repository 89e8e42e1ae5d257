package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.util.Set;

/**
 * A base tensor that trains with the adapter. The original values are kept, so that the adapter can
 * be switched off and removed.
 */
public final class BaseTensor implements AutoCloseable {

  private final Parameter parameter;
  private final Slice slice;
  private final Tensor other;
  private boolean adapted = true;

  /** Copies the base's values. */
  public BaseTensor(Parameter parameter, Slice slice) {
    this.parameter = parameter;
    this.slice = slice;
    parameter.separate();
    try (Tensor present = present()) {
      this.other = present.copyAs(present.type()).own();
    }
  }

  public String name() {
    return slice.name();
  }

  public Parameter parameter() {
    return parameter;
  }

  public Slice slice() {
    return slice;
  }

  /** Returns a view of the values that the model currently computes with. */
  Tensor present() {
    return parameter.value().narrow(0, slice.start(), slice.rows());
  }

  /** Returns a view of the values in the highest stored precision. */
  public Tensor master() {
    return parameter.master().narrow(0, slice.start(), slice.rows());
  }

  public void train() {
    parameter.trainOnly(Set.of(slice.name()));
  }

  public Trainable trained() {
    return parameter.trained().stream()
        .filter(trainable -> trainable.name().equals(slice.name()))
        .findFirst()
        .orElseThrow();
  }

  /** Chooses between the adapter's values and the base's. */
  public void adapted(boolean on) {
    if (on != adapted) {
      try (Tensor present = present();
          Tensor leaving = present.copyAs(present.type())) {
        present.copyFrom(other);
        other.copyFrom(leaving);
      }
      parameter.changed();
      adapted = on;
    }
  }

  /** Restores the base's values, unless the model is closed already. */
  @Override
  public void close() {
    if (!other.isClosed()) {
      if (!parameter.value().isClosed()) {
        adapted(false);
        parameter.freeze();
      }
      other.close();
    }
  }
}
