package extensions;

import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.List;

/** AdamW (Loshchilov and Hutter 2019, algorithm 2). */
public record AdamWRule(double beta1, double beta2, double eps) implements OptimizerRule {

  @Override
  public String name() {
    return "adamw rule";
  }

  @Override
  public String options() {
    return "beta1=" + beta1 + ", beta2=" + beta2 + ", eps=" + eps;
  }

  @Override
  public List<String> moments() {
    return List.of("mean", "square");
  }

  @Override
  public void update(ParameterUpdate parameter) {
    FloatBuffer value = parameter.value();
    FloatBuffer mean = parameter.moment("mean");
    FloatBuffer square = parameter.moment("square");
    double rate = parameter.learningRate();
    double meanBias = 1 - Math.pow(beta1, parameter.step());
    double squareBias = 1 - Math.pow(beta2, parameter.step());
    for (int i = 0; i < parameter.count(); i++) {
      double gradient = parameter.gradient().get(i);
      double m = beta1 * mean.get(i) + (1 - beta1) * gradient;
      double v = beta2 * square.get(i) + (1 - beta2) * gradient * gradient;
      mean.put(i, (float) m);
      square.put(i, (float) v);
      double decayed = value.get(i) * (1 - rate * parameter.weightDecay());
      value.put(i, (float) (decayed - rate * m / meanBias / (Math.sqrt(v / squareBias) + eps)));
    }
  }
}
