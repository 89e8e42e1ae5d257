package io.adapt4j.core.optim;

import io.adapt4j.core.train.spi.OptimizerRule;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/** An optimizer with its options. Learning rate and weight decay are set separately. */
public sealed interface Optimizer {

  /**
   * Returns how the usual learning rates of this optimizer relate to AdamW's.
   *
   * @return a factor, 1 by default; empty if AdamW's rates are no guide, as for plain gradient
   *     descent
   */
  default OptionalDouble usualRateFactor() {
    return OptionalDouble.of(1);
  }

  /**
   * Returns whether the optimizer state stays in host memory when training on a GPU.
   *
   * @return true if it is in host memory, outside the GPU
   */
  default boolean isPaged() {
    return false;
  }

  /**
   * Creates the default optimizer.
   *
   * @return AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer adamW() {
    return new AdamW(0.9, 0.999, 1e-8);
  }

  /**
   * Creates AdamW with 8-bit moments.
   *
   * @return AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer adamW8bit() {
    return new AdamW8bit(0.9, 0.999, 1e-8);
  }

  /**
   * Creates AdamW with its moments in host memory, whatever device computes (bitsandbytes' {@code
   * paged_adamw_32bit}). See {@link Paged}.
   *
   * @return AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer pagedAdamW() {
    return new Paged(adamW());
  }

  /**
   * Creates AdamW with 8-bit moments in host memory, whatever device computes (bitsandbytes' {@code
   * paged_adamw_8bit}). See {@link Paged}.
   *
   * @return AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer pagedAdamW8bit() {
    return new Paged(adamW8bit());
  }

  /**
   * Creates Adafactor with an external learning rate.
   *
   * @return Adafactor with the paper's decay rate -0.8 and clipping threshold 1
   */
  static Optimizer adafactor() {
    return new Adafactor(-0.8, 1e-30, 1);
  }

  /**
   * Creates stochastic gradient descent.
   *
   * @param momentum in [0, 1); 0 for none
   * @return SGD without Nesterov momentum
   */
  static Optimizer sgd(double momentum) {
    return new Sgd(momentum, false);
  }

  /**
   * Creates Lion.
   *
   * @return Lion with betas 0.9 and 0.99
   */
  static Optimizer lion() {
    return new Lion(0.9, 0.99);
  }

  /**
   * Creates Muon with AdamW for embeddings, output layers and vectors. Its updates have the size of
   * AdamW's, whose learning rates it takes.
   *
   * @return Muon with Nesterov momentum 0.95
   */
  static Optimizer muon() {
    return new Muon(0.95, true, true, false, 0.9, 0.999, 1e-8);
  }

  /**
   * Creates schedule-free AdamW. Without another schedule, the learning rate is constant after its
   * warm-up.
   *
   * @return schedule-free AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer scheduleFreeAdamW() {
    return new ScheduleFreeAdamW(0.9, 0.999, 1e-8, 0, 2);
  }

  /**
   * Creates GaLore with Adam.
   *
   * @param rank rank of the projected gradients, at least 1
   * @return GaLore with the paper's scale 0.25 and new projections every 200 steps
   */
  static Optimizer galore(int rank) {
    return new GaLore(rank, 200, 0.25, 0.9, 0.999, 1e-6);
  }

  /**
   * Creates APOLLO with a scale for each channel.
   *
   * @param rank rank of the projected gradients, at least 1
   * @return APOLLO with scale 1 and new projections every 200 steps
   */
  static Optimizer apollo(int rank) {
    return new Apollo(rank, 200, 1, true, 0.9, 0.999, 1e-6);
  }

  /**
   * Creates APOLLO-Mini: rank 1 and one scale for each matrix.
   *
   * @return APOLLO with scale 128 and new projections every 200 steps
   */
  static Optimizer apolloMini() {
    return new Apollo(1, 200, 128, false, 0.9, 0.999, 1e-6);
  }

  /**
   * Creates an optimizer from a custom rule. A resumed run must be given a rule with the same name
   * and options. A run description, as in YAML, cannot hold it.
   *
   * @param rule computes the update of a parameter from its gradient
   * @return the optimizer, without a usual learning rate
   * @throws IllegalArgumentException if the rule's name is blank, or the names of its moments are
   *     not distinct words
   */
  static Optimizer custom(OptimizerRule rule) {
    return new Custom(rule);
  }

  /**
   * AdamW (Loshchilov and Hutter 2019, algorithm 2). 8 bytes of state per trainable parameter.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, above 0
   */
  record AdamW(double beta1, double beta2, double eps) implements Optimizer {

    /** Checks the ranges. */
    public AdamW {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }
  }

  /**
   * AdamW with 8-bit moments, in blocks of 256 values with a scale each (Dettmers et al. 2022).
   * About 2 bytes of state per trainable parameter; tensors below 4096 values stay in fp32.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, above 0
   */
  record AdamW8bit(double beta1, double beta2, double eps) implements Optimizer {

    /** Checks the ranges. */
    public AdamW8bit {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }
  }

  /**
   * Adafactor (Shazeer and Stern 2018) with an external learning rate, without relative steps and
   * without first moment: the second moment of a matrix is kept as one number per row and one per
   * column.
   *
   * @param decayRate the second moment decays by 1 - step^decayRate; below 0
   * @param eps added to squared gradients, above 0
   * @param clipThreshold maximum root mean square of an update before the learning rate is applied,
   *     above 0
   */
  record Adafactor(double decayRate, double eps, double clipThreshold) implements Optimizer {

    /** Checks the ranges. */
    public Adafactor {
      requirePositive("-decayRate", -decayRate);
      requirePositive("eps", eps);
      requirePositive("clipThreshold", clipThreshold);
    }
  }

  /**
   * Stochastic gradient descent with momentum, as PyTorch computes it; weight decay is added to the
   * gradient. 4 bytes of state per trainable parameter with momentum, none without.
   *
   * @param momentum in [0, 1)
   * @param nesterov whether to use Nesterov momentum
   */
  record Sgd(double momentum, boolean nesterov) implements Optimizer {

    /** Checks the ranges. */
    public Sgd {
      requireDecay("momentum", momentum);
      if (nesterov && momentum == 0) {
        throw new IllegalArgumentException("nesterov needs a momentum above 0");
      }
    }

    @Override
    public OptionalDouble usualRateFactor() {
      return OptionalDouble.empty();
    }
  }

  /**
   * Lion (Chen et al. 2023, algorithm 2): updates by the sign of a mix of momentum and gradient.
   * Its learning rate is usually 3 to 10 times smaller than AdamW's. 4 bytes of state per trainable
   * parameter.
   *
   * @param beta1 share of the momentum in the update, in [0, 1)
   * @param beta2 decay of the momentum, in [0, 1)
   */
  record Lion(double beta1, double beta2) implements Optimizer {

    /** Checks the ranges. */
    public Lion {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
    }

    /** Within the paper's range of 3 to 10 times smaller rates. */
    @Override
    public OptionalDouble usualRateFactor() {
      return OptionalDouble.of(0.2);
    }
  }

  /**
   * An optimizer whose state stays in host memory (QLoRA, Dettmers et al. 2023, section 3). Its
   * updates are bit-identical to those of the wrapped optimizer.
   *
   * <p>On a GPU, the state of one parameter at a time is copied to the device, updated and copied
   * back: the device holds at most the state of the largest parameter. On a CPU this is the wrapped
   * optimizer and nothing else: no memory is saved, none is moved.
   *
   * @param optimizer AdamW, with 32-bit or 8-bit moments
   */
  record Paged(Optimizer optimizer) implements Optimizer {

    /** Rejects optimizers that cannot be paged. */
    public Paged {
      if (!(optimizer instanceof AdamW || optimizer instanceof AdamW8bit)) {
        throw new IllegalArgumentException(
            "paged: expected AdamW or AdamW8bit, found " + optimizer);
      }
    }

    @Override
    public boolean isPaged() {
      return true;
    }
  }

  /**
   * Muon (Jordan et al. 2024): momentum of matrices, orthogonalized by five Newton-Schulz
   * iterations. Embeddings, output layers and vectors are updated by AdamW. 4 bytes of state per
   * value of a matrix, 8 of the others.
   *
   * @param momentum decay of the momentum, in [0, 1)
   * @param nesterov whether to use Nesterov momentum
   * @param matchAdamW whether updates have the size of AdamW's (0.2 sqrt(max(rows, columns)), Liu
   *     et al. 2025); else that of sqrt(max(1, rows / columns))
   * @param bfloat16 whether the iterations are rounded to bfloat16, as in PyTorch
   * @param beta1 AdamW's decay of the first moment, in [0, 1)
   * @param beta2 AdamW's decay of the second moment, in [0, 1)
   * @param eps added to AdamW's denominator, above 0
   */
  record Muon(
      double momentum,
      boolean nesterov,
      boolean matchAdamW,
      boolean bfloat16,
      double beta1,
      double beta2,
      double eps)
      implements Optimizer {

    /** Checks the ranges. */
    public Muon {
      requireDecay("momentum", momentum);
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }

    @Override
    public OptionalDouble usualRateFactor() {
      return matchAdamW ? OptionalDouble.of(1) : OptionalDouble.empty();
    }
  }

  /**
   * Schedule-free AdamW (Defazio et al. 2024): gradients are taken between an average of the steps
   * and the newest of them, and the average is evaluated and saved. Replaces the decay of the
   * learning rate. 8 bytes of state per trainable parameter, 4 more during evaluations.
   *
   * @param beta1 share of the average in the point where gradients are taken, above 0 and below 1
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, above 0
   * @param r power of the step in its weight in the average, at least 0
   * @param weightPower power of the largest learning rate in that weight, at least 0
   */
  record ScheduleFreeAdamW(double beta1, double beta2, double eps, double r, double weightPower)
      implements Optimizer {

    /** Checks the ranges. */
    public ScheduleFreeAdamW {
      requireDecay("beta1", beta1);
      requirePositive("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
      requireNotNegative("r", r);
      requireNotNegative("weightPower", weightPower);
    }
  }

  /**
   * GaLore (Zhao et al. 2024): Adam on gradients of matrices projected to a low rank. 8 bytes of
   * state per projected value, and a projection; vectors and matrices of no larger rank are updated
   * in full.
   *
   * @param rank rank of the projected gradients, at least 1
   * @param gap number of steps after which the projection is recomputed, at least 1
   * @param scale factor of the update, above 0
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, above 0
   */
  record GaLore(int rank, int gap, double scale, double beta1, double beta2, double eps)
      implements Optimizer {

    /** Checks the ranges. */
    public GaLore {
      requireLowRank(rank, gap, scale);
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }

    @Override
    public OptionalDouble usualRateFactor() {
      return OptionalDouble.empty();
    }
  }

  /**
   * APOLLO (Zhu et al. 2025): gradients of matrices scaled as Adam scales random projections of
   * them. 8 bytes of state per projected value; vectors and matrices of no larger rank are updated
   * by Adam.
   *
   * @param rank rank of the projected gradients, at least 1
   * @param gap number of steps after which the projection changes, at least 1
   * @param scale the update is multiplied by its root, above 0
   * @param byChannel whether each channel of a matrix has a scale; else the matrix has one
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, above 0
   */
  record Apollo(
      int rank, int gap, double scale, boolean byChannel, double beta1, double beta2, double eps)
      implements Optimizer {

    /** Checks the ranges. */
    public Apollo {
      requireLowRank(rank, gap, scale);
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }
  }

  /**
   * An optimizer defined by custom code. 4 bytes of state per trainable parameter and moment.
   *
   * @param rule computes the update of a parameter from its gradient
   */
  record Custom(OptimizerRule rule) implements Optimizer {

    private static final Pattern WORD = Pattern.compile("\\w+");

    /**
     * Checks the names. Throws {@link IllegalArgumentException} if its name is blank, or the names
     * of its moments are not distinct words.
     */
    public Custom {
      if (rule.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
      List<String> moments = rule.moments();
      if (new HashSet<>(moments).size() != moments.size()
          || moments.contains("value")
          || !moments.stream().allMatch(name -> WORD.matcher(name).matches())) {
        throw new IllegalArgumentException(
            "moments: expected different words other than value, found " + moments);
      }
    }

    @Override
    public OptionalDouble usualRateFactor() {
      return OptionalDouble.empty();
    }

    /** Returns the name and the options, which identify the rule. */
    @Override
    public String toString() {
      return "custom " + rule.name() + " [" + rule.options() + "]";
    }
  }

  private static void requireDecay(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1), found " + value);
    }
  }

  private static void requireNotNegative(String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be at least 0, found " + value);
    }
  }

  private static void requireLowRank(int rank, int gap, double scale) {
    if (rank < 1 || gap < 1) {
      throw new IllegalArgumentException(
          "rank and gap must be at least 1, found " + rank + " and " + gap);
    }
    requirePositive("scale", scale);
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
  }
}
