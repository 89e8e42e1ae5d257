package io.adapt4j.core.internal.tensor.tape;

import io.adapt4j.core.internal.tensor.Tensor;

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

  /** Records an operator that has just run. */
  public void record(Tensor[] outputs, Tensor[] inputs, Tape.Backward backward) {
    if (tape != null) {
      tape.record(outputs, inputs, backward);
    }
  }
}
