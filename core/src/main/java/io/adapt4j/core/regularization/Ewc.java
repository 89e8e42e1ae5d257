package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Elastic weight consolidation (Kirkpatrick et al. 2017, eq. 3): strength / 2 times the sum of F_i
 * (value_i - base_i)^2. F is the diagonal of the Fisher information of the base on reference data,
 * examples of what is not to be forgotten.
 *
 * <p>F is the empirical Fisher: the squared gradient of each example's log-likelihood, with the
 * tokens of the data as targets, summed over the examples and divided by the number of target
 * tokens. So strength times the term is, to second order, strength times the divergence of the
 * model from its base a reference token, in the units of the loss, whatever the number or length of
 * the examples.
 *
 * <p>F is written to {@code fisher.safetensors} in the run's output folder and used again there for
 * the same values and data; {@link #from} takes one of another run.
 *
 * <p>Of an adapter F and the term are over the adapter's own values, and the base is the adapter as
 * it began. A new LoRA adapter has B = 0, where no change of A changes the model: F holds B alone,
 * and only as long as A stays near its first values. {@link KlToBase} has no such limit.
 *
 * <p>Costs two copies of the trained values in fp32, and before the first step a forward and
 * backward pass an example.
 */
public final class Ewc implements Regularization {

  private final Optional<Dataset> reference;
  private final Optional<Path> file;
  private final double strength;

  private Ewc(Optional<Dataset> reference, Optional<Path> file, double strength) {
    this.reference = reference;
    this.file = file;
    this.strength = strength;
  }

  /**
   * Names the reference data. Some hundred examples are usual; the strength is 1 until it is set.
   *
   * @param reference examples of what is not to be forgotten
   * @return the term
   */
  public static Ewc on(Dataset reference) {
    return new Ewc(Optional.of(reference), Optional.empty(), 1);
  }

  /**
   * Names a file that a run with {@link #on} wrote, for the same model and method.
   *
   * @param file the file
   * @return the term
   */
  public static Ewc from(Path file) {
    return new Ewc(Optional.empty(), Optional.of(file), 1);
  }

  /**
   * Sets the strength.
   *
   * @param factor at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public Ewc strength(double factor) {
    Strength.require("Ewc", factor);
    return new Ewc(reference, file, factor);
  }

  /**
   * Returns the strength.
   *
   * @return at least 0
   */
  public double strength() {
    return strength;
  }

  /** {@return the file that the term was made from; empty if it was made on reference data} */
  public Optional<Path> fisher() {
    return file;
  }

  @Override
  public Optional<Dataset> reference() {
    return reference;
  }
}
