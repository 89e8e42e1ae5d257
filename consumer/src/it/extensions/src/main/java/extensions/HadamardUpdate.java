package extensions;

import io.adapt4j.core.spi.WeightUpdate;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * LoHa (Hyeon-Woo et al. 2022) with vectors: delta = (a b') * (c d'), element by element, so that a
 * delta of rank 1 is stretched by another one.
 */
public final class HadamardUpdate implements WeightUpdate {

  @Override
  public String name() {
    return "hadamard of two outer products";
  }

  @Override
  public Map<String, List<Integer>> parameters(Projection projection) {
    return projection.module().endsWith("_proj")
        ? Map.of(
            "a", List.of(projection.outputs()),
            "b", List.of(projection.inputs()),
            "c", List.of(projection.outputs()),
            "d", List.of(projection.inputs()))
        : Map.of();
  }

  /** Begins at an update of zero, since a is 0. */
  @Override
  public void initialize(
      Projection projection, Map<String, FloatBuffer> parameters, RandomGenerator random) {
    for (String name : List.of("b", "c", "d")) {
      FloatBuffer values = parameters.get(name);
      for (int i = 0; i < values.limit(); i++) {
        values.put(i, (float) random.nextGaussian());
      }
    }
  }

  @Override
  public void apply(Projection projection, Map<String, FloatBuffer> parameters, FloatBuffer delta) {
    FloatBuffer a = parameters.get("a");
    FloatBuffer b = parameters.get("b");
    FloatBuffer c = parameters.get("c");
    FloatBuffer d = parameters.get("d");
    for (int row = 0; row < projection.outputs(); row++) {
      for (int column = 0; column < projection.inputs(); column++) {
        delta.put(a.get(row) * b.get(column) * c.get(row) * d.get(column));
      }
    }
  }

  @Override
  public void forwardBackward(
      Projection projection,
      Map<String, FloatBuffer> parameters,
      FloatBuffer byDelta,
      Map<String, FloatBuffer> gradients) {
    FloatBuffer a = parameters.get("a");
    FloatBuffer b = parameters.get("b");
    FloatBuffer c = parameters.get("c");
    FloatBuffer d = parameters.get("d");
    for (int row = 0; row < projection.outputs(); row++) {
      for (int column = 0; column < projection.inputs(); column++) {
        float g = byDelta.get();
        add(gradients.get("a"), row, g * b.get(column) * c.get(row) * d.get(column));
        add(gradients.get("b"), column, g * a.get(row) * c.get(row) * d.get(column));
        add(gradients.get("c"), row, g * a.get(row) * b.get(column) * d.get(column));
        add(gradients.get("d"), column, g * a.get(row) * b.get(column) * c.get(row));
      }
    }
  }

  private static void add(FloatBuffer gradient, int index, float value) {
    gradient.put(index, gradient.get(index) + value);
  }
}
