package io.adapt4j.core.optim;

import io.adapt4j.core.spi.OptimizerRule;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/** How gradients become steps. The learning rate and weight decay are set beside it. */
public sealed interface Optimizer {

  /**
   * Returns how the usual learning rates of this algorithm relate to AdamW's.
   *
   * @return a factor, 1 by default; empty where AdamW's rates say nothing, as for plain gradient
   *     descent
   */
  default OptionalDouble usualRateFactor() {
    return OptionalDouble.of(1);
  }

  /**
   * Tells where the state lives on a machine whose tensors are a GPU's.
   *
   * @return true if it is in the machine's own memory, outside the processor's
   */
  default boolean isPaged() {
    return false;
  }

  /**
   * Makes the default.
   *
   * @return AdamW with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer adamW() {
    return new AdamW(0.9, 0.999, 1e-8);
  }

  /**
   * Makes AdamW with its moments in 8 bits.
   *
   * @return with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer adamW8bit() {
    return new AdamW8bit(0.9, 0.999, 1e-8);
  }

  /**
   * Makes AdamW with its moments in the machine's memory, whatever device computes (bitsandbytes'
   * {@code paged_adamw_32bit}). See {@link Paged}.
   *
   * @return with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer pagedAdamW() {
    return new Paged(adamW());
  }

  /**
   * Makes AdamW with its moments in 8 bits and in the machine's memory, whatever device computes
   * (bitsandbytes' {@code paged_adamw_8bit}). See {@link Paged}.
   *
   * @return with betas 0.9 and 0.999, eps 1e-8
   */
  static Optimizer pagedAdamW8bit() {
    return new Paged(adamW8bit());
  }

  /**
   * Makes Adafactor with a learning rate from outside.
   *
   * @return with the paper's decay rate -0.8 and clipping threshold 1
   */
  static Optimizer adafactor() {
    return new Adafactor(-0.8, 1e-30, 1);
  }

  /**
   * Makes stochastic gradient descent.
   *
   * @param momentum in [0, 1); 0 for none
   * @return without Nesterov's momentum
   */
  static Optimizer sgd(double momentum) {
    return new Sgd(momentum, false);
  }

  /**
   * Makes Lion.
   *
   * @return with betas 0.9 and 0.99
   */
  static Optimizer lion() {
    return new Lion(0.9, 0.99);
  }

  /**
   * Makes an optimizer of a rule of your own. A run that resumes has to be given a rule of the same
   * name and options. A description of the run, as in YAML, cannot hold it.
   *
   * @param rule how a gradient becomes a step
   * @return the optimizer, without a usual learning rate
   * @throws IllegalArgumentException if the rule's name is blank, or the names of its moments are
   *     not different words
   */
  static Optimizer custom(OptimizerRule rule) {
    return new Custom(rule);
  }

  /**
   * AdamW (Loshchilov and Hutter 2019, algorithm 2). 8 bytes a trained value.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the root, above 0
   */
  record AdamW(double beta1, double beta2, double eps) implements Optimizer {

    /**
     * Checks the ranges.
     *
     * @param beta1 decay of the first moment, in [0, 1)
     * @param beta2 decay of the second moment, in [0, 1)
     * @param eps added to the root, above 0
     */
    public AdamW {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }
  }

  /**
   * AdamW whose moments are stored in 8 bits, blocks of 256 values with a scale each (Dettmers et
   * al. 2022). About 2 bytes a trained value; tensors below 4096 values stay in fp32.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the root, above 0
   */
  record AdamW8bit(double beta1, double beta2, double eps) implements Optimizer {

    /**
     * Checks the ranges.
     *
     * @param beta1 decay of the first moment, in [0, 1)
     * @param beta2 decay of the second moment, in [0, 1)
     * @param eps added to the root, above 0
     */
    public AdamW8bit {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
      requirePositive("eps", eps);
    }
  }

  /**
   * Adafactor (Shazeer and Stern 2018) with a given learning rate, without relative steps and
   * without first moment: the second moment of a matrix is kept as one number a row and one a
   * column.
   *
   * @param decayRate the second moment decays by 1 - step^decayRate; below 0
   * @param eps added to squared gradients, above 0
   * @param clipThreshold the largest root mean square of an update before the rate, above 0
   */
  record Adafactor(double decayRate, double eps, double clipThreshold) implements Optimizer {

    /**
     * Checks the ranges.
     *
     * @param decayRate below 0
     * @param eps above 0
     * @param clipThreshold above 0
     */
    public Adafactor {
      requirePositive("-decayRate", -decayRate);
      requirePositive("eps", eps);
      requirePositive("clipThreshold", clipThreshold);
    }
  }

  /**
   * Stochastic gradient descent with momentum as PyTorch computes it; weight decay is added to the
   * gradient. 4 bytes a trained value with momentum, none without.
   *
   * @param momentum in [0, 1)
   * @param nesterov whether the step looks ahead along the momentum
   */
  record Sgd(double momentum, boolean nesterov) implements Optimizer {

    /**
     * Checks the ranges.
     *
     * @param momentum in [0, 1)
     * @param nesterov whether the step looks ahead; needs momentum
     */
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
   * Lion (Chen et al. 2023, algorithm 2): steps by the sign of a blend of momentum and gradient.
   * Its learning rate is usually 3 to 10 times smaller than AdamW's. 4 bytes a trained value.
   *
   * @param beta1 share of the momentum in the step, in [0, 1)
   * @param beta2 decay of the momentum, in [0, 1)
   */
  record Lion(double beta1, double beta2) implements Optimizer {

    /**
     * Checks the ranges.
     *
     * @param beta1 share of the momentum in the step, in [0, 1)
     * @param beta2 decay of the momentum, in [0, 1)
     */
    public Lion {
      requireDecay("beta1", beta1);
      requireDecay("beta2", beta2);
    }

    /** Within the 3 to 10 times smaller rates of the paper. */
    @Override
    public OptionalDouble usualRateFactor() {
      return OptionalDouble.of(0.2);
    }
  }

  /**
   * An optimizer whose state stays in the machine's memory (QLoRA, Dettmers et al. 2023, section
   * 3). Steps are those of the optimizer itself, to the bit.
   *
   * <p>Where values live in the memory of a GPU, the state of one value at a time is copied there,
   * updated and copied back: the processor holds no more of it than that of the largest value. On a
   * CPU, where everything lives in the machine's memory, this is the optimizer and nothing else: no
   * memory is saved, none is moved.
   *
   * @param optimizer AdamW, with its moments in 32 or in 8 bits
   */
  record Paged(Optimizer optimizer) implements Optimizer {

    /**
     * Checks the kind.
     *
     * @param optimizer AdamW or AdamW8bit
     * @throws IllegalArgumentException if it is another
     */
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
   * An optimizer that is code. 4 bytes a trained value for each moment.
   *
   * @param rule how a gradient becomes a step
   */
  record Custom(OptimizerRule rule) implements Optimizer {

    private static final Pattern WORD = Pattern.compile("\\w+");

    /**
     * Checks the names.
     *
     * @param rule how a gradient becomes a step
     * @throws IllegalArgumentException if its name is blank, or the names of its moments are not
     *     different words
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

    /** Returns the name and the options, which tell rules apart. */
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

  private static void requirePositive(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
  }
}
