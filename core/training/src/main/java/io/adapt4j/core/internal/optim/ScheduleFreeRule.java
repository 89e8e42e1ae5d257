package io.adapt4j.core.internal.optim;

import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * Schedule-free AdamW (Defazio et al. 2024). The parameter's value is the point y at which
 * gradients are taken; the average x, which is evaluated and saved, follows from y and the moment
 * z.
 */
record ScheduleFreeRule(Optimizer.ScheduleFreeAdamW settings) implements OptimizerRule {

  private static final String Z = "z";

  /** Sum of the weights of the average, and the largest learning rate so far. */
  private static final String WEIGHTS = "weights";

  @Override
  public String name() {
    return "schedule-free AdamW";
  }

  @Override
  public List<String> moments() {
    return List.of(Z, Adam.SQUARE, WEIGHTS);
  }

  @Override
  public Map<String, List<Long>> state(String name, List<Long> sizes) {
    return Map.of(Z, sizes, Adam.SQUARE, sizes, WEIGHTS, List.of(2L));
  }

  @Override
  public void update(ParameterUpdate parameter) {
    FloatBuffer y = parameter.value();
    FloatBuffer z = parameter.moment(Z);
    FloatBuffer square = parameter.moment(Adam.SQUARE);
    if (parameter.step() == 1) {
      z.duplicate().put(y.duplicate());
    }
    double rate = parameter.learningRate();
    double share = share(parameter.moment(WEIGHTS), parameter.step(), rate);
    double second = 1 - Math.pow(settings.beta2(), parameter.step());
    double along = rate * (settings.beta1() * (1 - share) - 1);
    for (int i = 0; i < parameter.count(); i++) {
      float g = parameter.gradient().get(i);
      float v = (float) (settings.beta2() * square.get(i) + (1 - settings.beta2()) * g * g);
      square.put(i, v);
      double point = y.get(i);
      double direction =
          g / (Math.sqrt(v / second) + settings.eps()) + parameter.weightDecay() * point;
      y.put(i, (float) (point + share * (z.get(i) - point) + along * direction));
      z.put(i, (float) (z.get(i) - rate * direction));
    }
  }

  /** Returns the weight of the newest point in the average. */
  private double share(FloatBuffer weights, int step, double rate) {
    double largest = Math.max(rate, weights.get(1));
    double weight = Math.pow(step, settings.r()) * Math.pow(largest, settings.weightPower());
    double sum = weights.get(0) + weight;
    weights.put(0, (float) sum);
    weights.put(1, (float) largest);
    return sum == 0 ? 0 : weight / sum;
  }

  @Override
  public boolean averages() {
    return true;
  }

  @Override
  public void average(ParameterUpdate parameter) {
    FloatBuffer value = parameter.value();
    FloatBuffer z = parameter.moment(Z);
    double outward = 1 - 1 / settings.beta1();
    for (int i = 0; i < parameter.count(); i++) {
      value.put(i, (float) (value.get(i) + outward * (z.get(i) - value.get(i))));
    }
  }
}
