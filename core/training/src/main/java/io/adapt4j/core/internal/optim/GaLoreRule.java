package io.adapt4j.core.internal.optim;

import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * GaLore (Zhao et al. 2024): Adam on gradients projected to their leading singular vectors, which
 * are recomputed every few steps. Vectors and small matrices are updated in full.
 */
public record GaLoreRule(Optimizer.GaLore settings, Projections projections)
    implements OptimizerRule {

  private static final String PROJECTION = "projection";

  @Override
  public String name() {
    return "GaLore";
  }

  @Override
  public List<String> moments() {
    return List.of(Adam.MEAN, Adam.SQUARE, PROJECTION);
  }

  @Override
  public Map<String, List<Long>> state(String name, List<Long> sizes) {
    Map<String, List<Long>> state =
        new LinkedHashMap<>(Adam.state(LowRankGradient.sizes(sizes, settings.rank())));
    if (LowRankGradient.isProjected(sizes, settings.rank())) {
      state.put(PROJECTION, List.of((long) settings.rank(), Math.min(sizes.get(0), sizes.get(1))));
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
    FloatBuffer kept = parameter.moment(PROJECTION);
    int done = parameter.step() - 1;
    if (done % settings.gap() == 0) {
      kept.duplicate()
          .put(
              projections.of(
                  new Projections.Request(
                      parameter.name(),
                      gradient,
                      parameter.sizes(),
                      done / settings.gap(),
                      settings.rank())));
    }
    float[] projection = new float[kept.limit()];
    kept.get(0, projection);
    LowRankGradient lowRank =
        new LowRankGradient(
            projection, parameter.sizes().get(0), parameter.sizes().get(1), settings.rank());
    float[] low = lowRank.down(gradient);
    adam.normalize(low, parameter);
    Adam.step(parameter, lowRank.up(low), adam.rate(parameter) * settings.scale(), false);
  }
}
