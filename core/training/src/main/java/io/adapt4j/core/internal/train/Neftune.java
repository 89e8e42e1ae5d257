package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingAdaptation;
import io.adapt4j.core.internal.method.ForwardingMechanics;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.method.FineTuningMethod;
import java.nio.file.Path;

/**
 * Decorates a method with noise on the token embeddings in training (NEFTune, Jain et al. 2023):
 * uniform in +-alpha / sqrt(L d), where L is the number of tokens of a row without padding and d
 * the hidden size. Evaluation is not affected. The noise is seeded by the step, so a resumed run
 * draws the same.
 *
 * <p>It is added after the embedding scale of some families, and before learned positions and
 * norms.
 */
public final class Neftune extends ForwardingMechanics {

  private final double alpha;

  private Neftune(FineTuningMethod method, double alpha) {
    super(method);
    this.alpha = alpha;
  }

  /** Adds noise to a method. */
  public static Neftune of(FineTuningMethod method, double alpha) {
    if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("neftune: expected a positive number, found " + alpha);
    }
    return new Neftune(method, alpha);
  }

  public MethodMechanics method() {
    return method;
  }

  public double alpha() {
    return alpha;
  }

  @Override
  public FineTuningMethod chosen() {
    return method.chosen();
  }

  @Override
  public String description() {
    return method.description() + " with NEFTune alpha=" + alpha;
  }

  @Override
  public String identity() {
    return method.identity() + " neftune=" + alpha;
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Adaptation adaptation = method.attach(network, base, seed);
    NoisyEmbedding.put(network, alpha);
    return new Noisy(adaptation, network);
  }

  private static final class Noisy extends ForwardingAdaptation {

    private final Network network;

    Noisy(Adaptation adaptation, Network network) {
      super(adaptation);
      this.network = network;
    }

    @Override
    public void close() {
      NoisyEmbedding.remove(network);
      super.close();
    }
  }
}
