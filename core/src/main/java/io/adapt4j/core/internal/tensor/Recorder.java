package io.adapt4j.core.internal.tensor;

/** Records operators for their derivatives where there is a tape, and does nothing without one. */
abstract class Recorder {

  /** Null where nothing is recorded. */
  final Tape tape;

  Recorder(Tape tape) {
    this.tape = tape;
  }

  /** {@return whether operators are recorded, which is so while training} */
  public boolean isRecording() {
    return tape != null;
  }

  /** Returns whether derivatives reach a tensor: something that trains has gone into it. */
  public boolean isDifferentiated(Tensor tensor) {
    return tape != null && tape.tracks(tensor);
  }

  /** Whether a parameter, which may be null, gets a gradient in this pass. */
  boolean trains(Parameter parameter) {
    return tape != null && parameter != null && parameter.isTrained();
  }

  /** Keeps a tensor of the open scope until the derivatives are done, where there are any. */
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
