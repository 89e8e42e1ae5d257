package io.adapt4j.lora;

/**
 * What the factors of an adapter start from.
 *
 * <p>{@link #KAIMING}, {@link #GAUSSIAN} and {@link #ORTHOGONAL} leave the model as it is. {@link
 * #pissa()} and {@link #OLORA} take the initial factors out of the base weight: the adapter trains
 * what is principal in it while the rest W - scale B0 A0 stays frozen. The base in memory and on
 * disk is not changed for that. The opposite of the initial factors is computed beside them, and
 * the adapter is saved as a plain LoRA of double rank that fits the original base.
 */
public sealed interface LoraInit {

  /** A uniform within 1 / sqrt(in) either way, B zero: PEFT's default. */
  LoraInit KAIMING = Plain.KAIMING;

  /** A normal with deviation 1 / r, B zero. */
  LoraInit GAUSSIAN = Plain.GAUSSIAN;

  /**
   * A and B normal in halves of the rank that are orthogonal to each other, so that B A is zero
   * though neither factor is. Needs even ranks.
   */
  LoraInit ORTHOGONAL = Plain.ORTHOGONAL;

  /** The first r columns of Q as B and rows of R as A, of W = Q R (OLoRA, Büyükakyüz 2024). */
  LoraInit OLORA = Plain.OLORA;

  /**
   * The r largest singular values of W with their vectors (PiSSA, Meng et al. 2024), exactly. For
   * wide matrices this takes long: a matrix of 4096 x 4096 minutes on a few cores.
   *
   * @return the initialization
   */
  static LoraInit pissa() {
    return new Pissa(0);
  }

  /**
   * The r largest singular values of W with their vectors, found by subspace iteration (Halko et
   * al. 2011), which takes a small part of the time.
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
   * Returns whether the initial factors are a part of the base weight, which is then computed
   * without it.
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
   * @param iterations of the subspace; 0 for the exact decomposition
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
}
