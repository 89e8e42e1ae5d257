package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import java.util.Optional;

/**
 * Strength times the divergence KL(p_base || p_model) a predicted token of replay data, examples of
 * what is not to be forgotten (learning without forgetting, Li and Hoiem 2016, at temperature 1).
 * One batch of them is run a step, so a step takes about twice as long.
 *
 * <p>An adapter is switched off to ask the base, which costs no memory; a reference made from a
 * stored adapter is the model without it. Where the method cannot be switched off, or trains the
 * output layer, a second copy of the base is loaded.
 */
public final class KlToBase implements Regularization {

  private final Dataset replay;
  private final double strength;
  private final int interval;

  private KlToBase(Dataset replay, double strength, int interval) {
    this.replay = replay;
    this.strength = strength;
    this.interval = interval;
  }

  /**
   * Names the replay data; the strength is 1, every step, until it is set.
   *
   * @param replay examples of what is not to be forgotten; only their tokens that would be trained
   *     on count
   * @return the term
   */
  public static KlToBase on(Dataset replay) {
    return new KlToBase(replay, 1, 1);
  }

  /**
   * Sets the strength.
   *
   * @param factor at least 0; 1 weighs a replay token like a training token
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public KlToBase strength(double factor) {
    Strength.require("KlToBase", factor);
    return new KlToBase(replay, factor, interval);
  }

  /**
   * Runs a replay batch in some steps only, and weighs it there by their distance, so that the
   * strength keeps its meaning.
   *
   * @param steps from one to the next, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is smaller
   */
  public KlToBase every(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("KlToBase: every must be at least 1, found " + steps);
    }
    return new KlToBase(replay, strength, steps);
  }

  /**
   * Returns the strength.
   *
   * @return at least 0
   */
  public double strength() {
    return strength;
  }

  /**
   * Returns from which step to which a replay batch is run.
   *
   * @return steps, at least 1
   */
  public int every() {
    return interval;
  }

  @Override
  public Optional<Dataset> reference() {
    return Optional.of(replay);
  }
}
