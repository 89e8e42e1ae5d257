package io.adapt4j.lora;

/**
 * Initialization of an adapter's A and B matrices.
 *
 * <p>{@link #KAIMING}, {@link #GAUSSIAN} and {@link #ORTHOGONAL} leave the model's output
 * unchanged. {@link #pissa()} and {@link #OLORA} take the initial values from the base weight: the
 * adapter trains its principal components while the residual W - scale B0 A0 stays frozen. The base
 * in memory and on disk is unchanged: the initial product is subtracted during the forward pass,
 * and the adapter is saved as a plain LoRA of double rank for the original base. {@link #eva()}
 * takes A from the training data and leaves the output unchanged.
 */
public sealed interface LoraInit {

  /** A uniform in [-1 / sqrt(in), 1 / sqrt(in)], B zero: PEFT's default. */
  LoraInit KAIMING = Plain.KAIMING;

  /** A normal with standard deviation 1 / r, B zero. */
  LoraInit GAUSSIAN = Plain.GAUSSIAN;

  /**
   * A and B normal in mutually orthogonal halves of the rank, so that B A is zero though neither
   * matrix is. Needs even ranks.
   */
  LoraInit ORTHOGONAL = Plain.ORTHOGONAL;

  /** The first r columns of Q as B and rows of R as A, of W = Q R (OLoRA, Büyükakyüz 2024). */
  LoraInit OLORA = Plain.OLORA;

  /**
   * The r largest singular values of W with their vectors (PiSSA, Meng et al. 2024), exactly. Slow
   * for large matrices: 4096 x 4096 takes minutes on a few cores.
   *
   * @return the initialization
   */
  static LoraInit pissa() {
    return new Pissa(0);
  }

  /**
   * The r largest singular values of W with their vectors, approximated by subspace iteration
   * (Halko et al. 2011), which is much faster.
   *
   * @param iterations 1 to 64; 16 is as good as exact in practice
   * @return the initialization
   * @throws IllegalArgumentException if the number is out of range
   */
  static LoraInit pissa(int iterations) {
    if (iterations < 1 || iterations > 64) {
      throw new IllegalArgumentException("iterations: expected 1 to 64, found " + iterations);
    }
    return new Pissa(iterations);
  }

  /**
   * A of the directions in which a layer's inputs vary most over the training data, B zero (EVA,
   * Paischer et al. 2024), as PEFT computes them. The rank of each projection follows the share of
   * the variance that its directions explain; the sum of ranks stays. Passes over training batches
   * without gradients precede training, until the directions are stable: at most 256. Needs rows to
   * train on, so not for reinforcement learning, and one process.
   *
   * @return the initialization with PEFT's defaults
   */
  static Eva eva() {
    return new Eva(2, 0.99, true, false, true);
  }

  /**
   * Returns whether the initial values are taken from the base weight, which is then computed
   * without them.
   *
   * @return whether the adapter is saved with double rank
   */
  boolean leavesResidual();

  /**
   * Names the initialization as PEFT does.
   *
   * @return the value of {@code init_lora_weights}; {@code true} for the default
   */
  String peftName();

  /** Initializations without options. */
  enum Plain implements LoraInit {
    /** See {@link LoraInit#KAIMING}. */
    KAIMING("true", false),
    /** See {@link LoraInit#GAUSSIAN}. */
    GAUSSIAN("gaussian", false),
    /** See {@link LoraInit#ORTHOGONAL}. */
    ORTHOGONAL("orthogonal", false),
    /** See {@link LoraInit#OLORA}. */
    OLORA("olora", true);

    private final String peftName;
    private final boolean leavesResidual;

    Plain(String peftName, boolean leavesResidual) {
      this.peftName = peftName;
      this.leavesResidual = leavesResidual;
    }

    @Override
    public boolean leavesResidual() {
      return leavesResidual;
    }

    @Override
    public String peftName() {
      return peftName;
    }
  }

  /**
   * See {@link LoraInit#pissa()}.
   *
   * @param iterations number of subspace iterations; 0 for the exact decomposition
   */
  record Pissa(int iterations) implements LoraInit {

    @Override
    public boolean leavesResidual() {
      return true;
    }

    @Override
    public String peftName() {
      return iterations == 0 ? "pissa" : "pissa_niter_" + iterations;
    }
  }

  /**
   * See {@link LoraInit#eva()}. The options are those of PEFT's {@code EvaConfig}.
   *
   * @param rho how many times its rank a projection may get, at least 1; 1 keeps all ranks
   * @param tau cosine between a direction before and after a batch from which it is stable, above 0
   *     and at most 1
   * @param useLabelMask whether only tokens that are targets count, where the task has such
   * @param whiten whether directions are divided by the square roots of their singular values
   * @param adjustScalingFactors whether alpha changes with a projection's rank, which keeps its
   *     scale
   */
  record Eva(
      double rho, double tau, boolean useLabelMask, boolean whiten, boolean adjustScalingFactors)
      implements LoraInit {

    /** Checks the numbers. */
    public Eva {
      if (!(rho >= 1 && rho <= 1000)) {
        throw new IllegalArgumentException("rho: expected 1 to 1000, found " + rho);
      }
      if (!(tau > 0 && tau <= 1)) {
        throw new IllegalArgumentException("tau: expected above 0 and at most 1, found " + tau);
      }
    }

    /**
     * Sets rho.
     *
     * @param times as in the constructor
     * @return a changed copy
     * @throws IllegalArgumentException if it is out of range
     */
    public Eva rho(double times) {
      return new Eva(times, tau, useLabelMask, whiten, adjustScalingFactors);
    }

    @Override
    public boolean leavesResidual() {
      return false;
    }

    @Override
    public String peftName() {
      return "eva";
    }
  }
}
