package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A regularization term that keeps a model close to its base, so that it forgets less. "The base"
 * is the model as it was before the run's first step. Immutable.
 */
public final class Regularization {

  private final String name;
  private final double strength;
  private final int every;
  private final @Nullable Dataset reference;
  private final @Nullable Path fisher;

  private Regularization(
      String name, double strength, int every, @Nullable Dataset reference, @Nullable Path fisher) {
    if (!(strength >= 0 && Double.isFinite(strength))) {
      throw new IllegalArgumentException(name + ": strength must be at least 0, found " + strength);
    }
    if (every < 1) {
      throw new IllegalArgumentException(name + ": every must be at least 1, found " + every);
    }
    this.name = name;
    this.strength = strength;
    this.every = every;
    this.reference = reference;
    this.fisher = fisher;
  }

  /**
   * L2-SP (Li et al. 2018, eq. 2): strength / 2 times the sum of (value - base)^2 over all
   * trainable parameters. For an adapter these are its own parameters, and the base is its initial
   * state.
   *
   * <p>Costs a copy of the trainable parameters in fp32.
   *
   * @param strength at least 0; 1e-3 to 10 are usual for full fine-tuning
   * @return the term
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public static Regularization l2ToBase(double strength) {
    return new Regularization("l2ToBase", strength, 1, null, null);
  }

  /**
   * Elastic weight consolidation (Kirkpatrick et al. 2017, eq. 3): strength / 2 times the sum of
   * F_i (value_i - base_i)^2. F is the diagonal of the Fisher information of the base on reference
   * data, examples of what must not be forgotten; a few hundred are usual.
   *
   * <p>F is the empirical Fisher: the squared gradient of each example's log-likelihood, with the
   * tokens of the data as targets, summed over the examples and divided by the number of target
   * tokens. So strength times the term is, to second order, strength times the divergence of the
   * model from its base per reference token, in the units of the loss, whatever the number or
   * length of the examples.
   *
   * <p>F is written to {@code fisher.safetensors} in the run's output folder and reused there for
   * the same parameters and data; {@link #ewc(Path)} reads one of another run.
   *
   * <p>For an adapter, F and the term cover the adapter's own parameters, and the base is its
   * initial state. A new LoRA adapter has B = 0, where no change of A changes the model: F
   * constrains only B, and only while A stays near its initial values. {@link #klToBase(Dataset)}
   * has no such limit.
   *
   * <p>Costs two copies of the trainable parameters in fp32, and before the first step a forward
   * and backward pass per example.
   *
   * @param reference examples of what must not be forgotten
   * @return the term, of strength 1
   */
  public static Regularization ewc(Dataset reference) {
    return new Regularization("ewc", 1, 1, Objects.requireNonNull(reference, "reference"), null);
  }

  /**
   * Elastic weight consolidation with the Fisher information of an earlier run.
   *
   * @param fisher a file that a run with {@link #ewc(Dataset)} wrote, for the same model and method
   * @return the term, of strength 1
   */
  public static Regularization ewc(Path fisher) {
    return new Regularization("ewc", 1, 1, null, Objects.requireNonNull(fisher, "fisher"));
  }

  /**
   * Strength times the divergence KL(p_base || p_model) per predicted token of replay data,
   * examples of what must not be forgotten (learning without forgetting, Li and Hoiem 2016, at
   * temperature 1). Each step runs one replay batch, so a step takes about twice as long. A
   * strength of 1 weighs a replay token like a training token.
   *
   * <p>The base is computed by disabling the adapter, which costs no memory; if training starts
   * from a stored adapter, the base is the model without it. If the method cannot be disabled, or
   * trains the output layer, a second copy of the base is loaded.
   *
   * @param replay examples of what must not be forgotten; only their target tokens count
   * @return the term, of strength 1
   */
  public static Regularization klToBase(Dataset replay) {
    return klToBase(replay, 1);
  }

  /**
   * {@link #klToBase(Dataset)} with a replay batch only every few steps, weighted by that interval,
   * so that the strength keeps its meaning.
   *
   * @param replay examples of what must not be forgotten
   * @param every steps between replay batches, at least 1
   * @return the term, of strength 1
   * @throws IllegalArgumentException if it is smaller
   */
  public static Regularization klToBase(Dataset replay, int every) {
    return new Regularization("klToBase", 1, every, Objects.requireNonNull(replay, "replay"), null);
  }

  /**
   * Sets the strength.
   *
   * @param factor at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public Regularization strength(double factor) {
    return new Regularization(name, factor, every, reference, fisher);
  }

  /** {@return {@code l2ToBase}, {@code ewc} or {@code klToBase}} */
  public String name() {
    return name;
  }

  /** {@return the strength, at least 0} */
  public double strength() {
    return strength;
  }

  /** {@return steps between replay batches, at least 1} */
  public int every() {
    return every;
  }

  /** {@return the examples of what must not be forgotten; empty if the term uses none} */
  public Optional<Dataset> reference() {
    return Optional.ofNullable(reference);
  }

  /** {@return the Fisher information file given to {@link #ewc(Path)}; empty otherwise} */
  public Optional<Path> fisher() {
    return Optional.ofNullable(fisher);
  }

  /** Returns name and strength. */
  @Override
  public String toString() {
    return name + "[strength=" + strength + "]";
  }
}
