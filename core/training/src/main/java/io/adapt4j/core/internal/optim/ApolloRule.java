package io.adapt4j.core.internal.optim;

import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * APOLLO (Zhu et al. 2025): gradients scaled by channel, or as a whole, as Adam would scale their
 * random projections. Vectors and small matrices are updated by Adam.
 */
public record ApolloRule(Optimizer.Apollo settings, Projections projections)
    implements OptimizerRule {

  private static final String NORM = "norm";

  /** Factor by which the norm of an update may grow in one step. */
  private static final double GROWTH = 1.01;

  private static final double NOTHING = 1e-8;

  @Override
  public String name() {
    return "APOLLO";
  }

  @Override
  public List<String> moments() {
    return List.of(Adam.MEAN, Adam.SQUARE, NORM);
  }

  @Override
  public Map<String, List<Long>> state(String name, List<Long> sizes) {
    Map<String, List<Long>> state =
        new LinkedHashMap<>(Adam.state(LowRankGradient.sizes(sizes, settings.rank())));
    if (LowRankGradient.isProjected(sizes, settings.rank())) {
      state.put(NORM, List.of(1L));
    }
    return state;
  }

  @Override
  public void update(ParameterUpdate parameter) {
    Adam adam = new Adam(settings.beta1(), settings.beta2(), settings.eps(), false);
    if (!LowRankGradient.isProjected(parameter.sizes(), settings.rank())) {
      adam.update(parameter);
      return;
    }
    float[] gradient = Adam.gradient(parameter);
    int rows = Math.toIntExact(parameter.sizes().get(0));
    int columns = Math.toIntExact(parameter.sizes().get(1));
    float[] projection =
        projections.of(
            new Projections.Request(
                parameter.name(),
                gradient,
                parameter.sizes(),
                (parameter.step() - 1) / settings.gap(),
                settings.rank()));
    LowRankGradient lowRank = new LowRankGradient(projection, rows, columns, settings.rank());
    float[] before = lowRank.down(gradient);
    float[] after = before.clone();
    adam.normalize(after, parameter);
    double[] factors = factors(before, after, lowRank);
    for (int i = 0; i < gradient.length; i++) {
      int channel = lowRank.isTall() ? i / columns : i % columns;
      gradient[i] *= (float) factors[settings.byChannel() ? channel : 0];
    }
    double limit = limit(parameter.moment(NORM), norm(gradient), parameter.step());
    Adam.step(
        parameter, gradient, adam.rate(parameter) * Math.sqrt(settings.scale()) / limit, false);
  }

  /** Returns the ratios of the norms after and before Adam, of each channel or of all. */
  private double[] factors(float[] before, float[] after, LowRankGradient lowRank) {
    int channels =
        settings.byChannel() ? (int) (lowRank.isTall() ? lowRank.rows() : lowRank.columns()) : 1;
    double[] ofBefore = new double[channels];
    double[] ofAfter = new double[channels];
    for (int i = 0; i < before.length; i++) {
      int channel = channels == 1 ? 0 : lowRank.isTall() ? i / lowRank.rank() : i % channels;
      ofBefore[channel] += (double) before[i] * before[i];
      ofAfter[channel] += (double) after[i] * after[i];
    }
    for (int i = 0; i < channels; i++) {
      ofAfter[i] = Math.sqrt(ofAfter[i]) / (Math.sqrt(ofBefore[i]) + NOTHING);
    }
    return ofAfter;
  }

  /** Returns the divisor that keeps the norm from growing too fast. */
  private static double limit(FloatBuffer last, double norm, int step) {
    double limit = step == 1 ? 1 : Math.max(norm / (last.get(0) + NOTHING), GROWTH) / GROWTH;
    last.put(0, (float) (norm / limit));
    return limit;
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
