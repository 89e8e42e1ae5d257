package io.adapt4j.core.internal.task.rl;

/**
 * Clipped value loss: half the larger of the squared errors of the new value and of the new value
 * clipped to a distance from the old one.
 */
public record ValueObjective(double clip) {

  /** A loss with its gradient. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Outcome(double loss, float[] derivative, int clipped) {}

  public Outcome of(float[] values, float[] old, float[] returns) {
    double loss = 0;
    int clipped = 0;
    float[] derivative = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      double held = Math.max(old[i] - clip, Math.min(old[i] + clip, values[i]));
      double error = (double) values[i] - returns[i];
      double heldError = held - returns[i];
      boolean holds = heldError * heldError > error * error;
      loss += 0.5 * Math.max(error * error, heldError * heldError);
      clipped += holds ? 1 : 0;
      // A clipped value has no gradient.
      derivative[i] = holds ? 0 : (float) error;
    }
    return new Outcome(loss, derivative, clipped);
  }
}
