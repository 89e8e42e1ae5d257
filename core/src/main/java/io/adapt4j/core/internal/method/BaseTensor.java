package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Parameter.Slice;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Set;

/**
 * A base tensor that trains with the adapter. The base's own values are kept beside it, so that the
 * adapter can be switched off and taken off.
 */
public final class BaseTensor implements AutoCloseable {

  private final Parameter parameter;
  private final Slice slice;
  private final Tensor other;
  private boolean adapted = true;

  /** Keeps the base's values. */
  public BaseTensor(Parameter parameter, Slice slice) {
    this.parameter = parameter;
    this.slice = slice;
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

  /** The values the model computes with now: a view. */
  Tensor present() {
    return parameter.value().narrow(0, slice.start(), slice.rows());
  }

  /** The values with the most digits kept: a view. */
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

  /** Gives the model the base's values back, unless the model is gone already. */
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
