package io.adapt4j.core.internal.tensor.tape;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Records operators for backward if there is a tape; does nothing without one. */
public abstract class Recorder {

  /** Null if nothing is recorded. */
  public final Tape tape;

  public Recorder(Tape tape) {
    this.tape = tape;
  }

  /** {@return whether operators are recorded, as in training} */
  public boolean isRecording() {
    return tape != null;
  }

  /** Returns whether a tensor receives a gradient, since it depends on something trained. */
  public boolean isDifferentiated(Tensor tensor) {
    return tape != null && tape.tracks(tensor);
  }

  /** Returns whether a parameter, which may be null, receives a gradient in this pass. */
  public boolean trains(Parameter parameter) {
    return tape != null && parameter != null && parameter.isTrained();
  }

  /** Keeps a tensor of the open scope until backward is done, if anything is recorded. */
  public Tensor saveForBackward(Tensor tensor) {
    return tape == null ? tensor : tape.saveForBackward(tensor);
  }

  /** Records y, made of x, if x receives a gradient; saves tensors for backward then. */
  public Tensor recorded(Tensor y, Tensor x, UnaryOperator<Tensor> backward, Tensor... saved) {
    return recorded(isDifferentiated(x), y, x, backward, saved);
  }

  /** Records y, made of x and of parameters, on a condition. */
  public Tensor recorded(
      boolean differentiated, Tensor y, Tensor x, UnaryOperator<Tensor> backward, Tensor... saved) {
    return recorded(
        differentiated, y, new Tensor[] {x}, dy -> new Tensor[] {backward.apply(dy)}, saved);
  }

  /** Records y, made of several tensors, if one of them receives a gradient. */
  public Tensor recorded(
      Tensor y, Tensor[] inputs, Function<Tensor, Tensor[]> backward, Tensor... saved) {
    return recorded(
        Arrays.stream(inputs).anyMatch(this::isDifferentiated), y, inputs, backward, saved);
  }

  /** Records y, made of several tensors and of parameters, on a condition. */
  public Tensor recorded(
      boolean differentiated,
      Tensor y,
      Tensor[] inputs,
      Function<Tensor, Tensor[]> backward,
      Tensor... saved) {
    if (differentiated) {
      for (Tensor tensor : saved) {
        saveForBackward(tensor);
      }
      record(new Tensor[] {y}, inputs, dy -> backward.apply(dy[0]));
    }
    return y;
  }

  /** Records an operator that has just run. */
  public void record(Tensor[] outputs, Tensor[] inputs, Tape.Backward backward) {
    if (tape != null) {
      tape.record(outputs, inputs, backward);
    }
  }
}
