package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import java.util.Optional;

/**
 * L2-SP (Li et al. 2018, eq. 2): strength / 2 times the sum of (value - base)^2 over all trained
 * values. Of an adapter these are its own values, and the base is the adapter as it began.
 *
 * <p>Costs a copy of the trained values in fp32.
 *
 * @param strength at least 0; 1e-3 to 10 are usual for full fine-tuning
 */
public record L2ToBase(double strength) implements Regularization {

  /**
   * Checks the strength.
   *
   * @param strength at least 0
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public L2ToBase {
    Strength.require("L2ToBase", strength);
  }

  /**
   * Makes the term.
   *
   * @param strength at least 0
   * @return the term
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public static L2ToBase strength(double strength) {
    return new L2ToBase(strength);
  }

  @Override
  public Optional<Dataset> reference() {
    return Optional.empty();
  }
}
