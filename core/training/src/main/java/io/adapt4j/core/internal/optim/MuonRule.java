package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Muon (Jordan et al. 2024) for the matrices of layers: momentum orthogonalized by Newton-Schulz
 * iterations. Embeddings, output layers and vectors are updated by AdamW.
 */
public record MuonRule(Optimizer.Muon settings) implements OptimizerRule {

  private static final String MOMENTUM = "momentum";

  /** Coefficients of the quintic iteration. */
  private static final double A = 3.4445;

  private static final double B = -4.7750;
  private static final double C = 2.0315;
  private static final int ITERATIONS = 5;
  private static final double NOTHING = 1e-7;

  /** Names of matrices that are tables or output layers rather than maps between features. */
  private static final Pattern REST =
      Pattern.compile("embed|\\bwte\\b|\\bwpe\\b|lm_head|classifier|\\bscore\\b|token_type");

  @Override
  public String name() {
    return "muon";
  }

  @Override
  public List<String> moments() {
    return List.of(MOMENTUM, Adam.MEAN, Adam.SQUARE);
  }

  @Override
  public Map<String, List<Long>> state(String name, List<Long> sizes) {
    return isOrthogonal(name, sizes) ? Map.of(MOMENTUM, sizes) : Adam.state(sizes);
  }

  private static boolean isOrthogonal(String name, List<Long> sizes) {
    return sizes.size() == 2 && !REST.matcher(name).find();
  }

  @Override
  public void update(ParameterUpdate parameter) {
    if (!isOrthogonal(parameter.name(), parameter.sizes())) {
      new Adam(settings.beta1(), settings.beta2(), settings.eps(), true).update(parameter);
      return;
    }
    float[] update = Adam.gradient(parameter);
    FloatBuffer momentum = parameter.moment(MOMENTUM);
    double kept = settings.momentum();
    for (int i = 0; i < update.length; i++) {
      float mean = (float) (momentum.get(i) + (1 - kept) * (update[i] - momentum.get(i)));
      momentum.put(i, mean);
      update[i] = settings.nesterov() ? (float) (update[i] + kept * (mean - update[i])) : mean;
    }
    long rows = parameter.sizes().get(0);
    long columns = parameter.sizes().get(1);
    double ratio =
        settings.matchAdamW()
            ? 0.2 * Math.sqrt((double) Math.max(rows, columns))
            : Math.sqrt(Math.max(1, (double) rows / columns));
    Adam.step(
        parameter,
        orthogonal(update, rows, columns, settings.bfloat16()),
        parameter.learningRate() * ratio,
        true);
  }

  /**
   * Returns the approximate orthogonal factor of a matrix, with singular values around 1.
   *
   * @param bfloat16 whether results are rounded as PyTorch's bfloat16 operators round theirs
   */
  public static float[] orthogonal(float[] matrix, long rows, long columns, boolean bfloat16) {
    UnaryOperator<Tensor> rounded =
        bfloat16 ? x -> x.copyAs(DType.BF16).copyAs(DType.F32) : UnaryOperator.identity();
    try (Scope scope = Scope.open()) {
      Tensor x = rounded.apply(Tensor.of(matrix, rows, columns));
      boolean tall = rows > columns;
      if (tall) {
        x = x.transposed().copyAs(DType.F32);
      }
      double norm = TensorLists.norm(List.of(x));
      if (bfloat16) {
        norm = rounded.apply(Tensor.of(new float[] {(float) norm})).item();
      }
      x = rounded.apply(x.scaled(1 / Math.max(NOTHING, norm)));
      for (int i = 0; i < ITERATIONS; i++) {
        Tensor gram = rounded.apply(x.times(x.transposed()));
        Tensor factor = rounded.apply(gram.scaled(B).plus(gram.times(gram).scaled(C)));
        x = rounded.apply(x.scaled(A).plus(factor.times(x)));
      }
      return (tall ? x.transposed().copyAs(DType.F32) : x).toHost().toFloats();
    }
  }
}
