package extensions;

import io.adapt4j.core.spi.ParameterSelection;
import java.util.List;
import java.util.Map;

/** Trains norms and, where there are any, biases: the final norm at half the learning rate. */
public final class NormTuning implements ParameterSelection {

  @Override
  public String name() {
    return "norms and biases";
  }

  @Override
  public boolean trains(String parameter, List<Long> sizes) {
    return parameter.contains("norm") || parameter.endsWith(".bias");
  }

  @Override
  public Map<String, Double> learningRateFactors() {
    return Map.of("^model\\.norm\\.", 0.5);
  }
}
