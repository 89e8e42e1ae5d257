package io.adapt4j.core.internal.tensor.op;

/** Element-wise activation functions. */
public enum Activation {
  /** x times sigmoid(x). */
  SILU(0),
  /** Gaussian error linear unit, with the error function. */
  GELU(1),
  /** Gaussian error linear unit, tanh approximation. */
  GELU_TANH(2),
  /** max(x, 0). */
  RELU(3),
  /** Hyperbolic tangent. */
  TANH(4),
  /** The square of max(x, 0). */
  RELU_SQUARED(5),
  /** x times sigmoid(1.702 x), an approximation of the Gaussian error linear unit. */
  QUICK_GELU(7);

  private final int kind;

  Activation(int kind) {
    this.kind = kind;
  }

  /** {@return the number that identifies this function in operator scripts and kernels} */
  public int kind() {
    return kind;
  }
}
