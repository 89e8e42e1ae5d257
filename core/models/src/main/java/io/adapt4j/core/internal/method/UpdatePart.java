package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.spi.WeightUpdate;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The update of one projection and its parameters. */
final class UpdatePart implements AutoCloseable {

  private final WeightUpdate update;
  private final WeightUpdate.Projection projection;
  private final Linear.Part part;
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();

  UpdatePart(WeightUpdate update, Linear.Part part, WeightUpdate.Projection projection) {
    this.update = update;
    this.part = part;
    this.projection = projection;
    shapes(update, projection)
        .forEach((name, sizes) -> parameters.put(name, Parameter.of(path(name), sizes)));
    for (Parameter parameter : parameters.values()) {
      parameter.allocate(DType.F32);
      try (Tensor zeros = Tensor.zeros(DType.F32, parameter.sizes())) {
        parameter.value().copyFrom(zeros);
      }
    }
  }

  static WeightUpdate.Projection projection(Linear layer, Linear.Part part) {
    return new WeightUpdate.Projection(
        part.path(), Math.toIntExact(part.width()), Math.toIntExact(layer.inFeatures()));
  }

  /**
   * Returns the shapes of an update's parameters by name; empty if it does not apply to the
   * projection.
   */
  static Map<String, long[]> shapes(WeightUpdate update, WeightUpdate.Projection projection) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    update
        .parameters(projection)
        .forEach((name, sizes) -> shapes.put(name, checked(update, projection, name, sizes)));
    return shapes;
  }

  private static long[] checked(
      WeightUpdate update, WeightUpdate.Projection projection, String name, List<Integer> sizes) {
    if (name.isBlank() || sizes.isEmpty() || sizes.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(
          ("update %s: %s: expected parameters with a name and dimensions of at least 1, found"
                  + " '%s' %s")
              .formatted(update.name(), projection.module(), name, sizes));
    }
    return sizes.stream().mapToLong(Integer::longValue).toArray();
  }

  static String path(WeightUpdate.Projection projection, String name) {
    return projection.module() + "." + name;
  }

  private String path(String name) {
    return path(projection, name);
  }

  Linear.Part part() {
    return part;
  }

  List<Parameter> parameters() {
    return List.copyOf(parameters.values());
  }

  void initialize(long seed) {
    try (Scope scope = Scope.open()) {
      Map<String, Tensor> near = near(/* gradients= */ false);
      SplittableRandom random = new SplittableRandom(seed ^ projection.module().hashCode());
      update.initialize(projection, floats(near, false), random);
      copyBack(near, false);
    }
  }

  /** Writes the update into rows of a matrix, [width, in]. */
  void apply(Tensor rows) {
    try (Scope scope = Scope.open()) {
      Tensor staged = Tensor.zerosOnHost(DType.F32, projection.outputs(), projection.inputs());
      update.apply(projection, floats(near(false), true), staged.data().asFloatBuffer());
      rows.copyFrom(staged);
    }
  }

  /** Accumulates the gradients of the parameters from the gradient of the rows. */
  void forwardBackward(Tensor byRows) {
    try (Scope scope = Scope.open()) {
      Map<String, Tensor> gradients = near(true);
      update.forwardBackward(
          projection,
          floats(near(false), true),
          byRows.toHost().data().asFloatBuffer().asReadOnlyBuffer(),
          floats(gradients, false));
      copyBack(gradients, true);
    }
  }

  private Map<String, Tensor> near(boolean gradients) {
    Map<String, Tensor> near = new LinkedHashMap<>();
    parameters.forEach((name, parameter) -> near.put(name, far(parameter, gradients).toHost()));
    return near;
  }

  private static Tensor far(Parameter parameter, boolean gradient) {
    return gradient ? parameter.gradient() : parameter.value();
  }

  private static Map<String, FloatBuffer> floats(Map<String, Tensor> tensors, boolean readOnly) {
    Map<String, FloatBuffer> floats = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          FloatBuffer all = tensor.data().asFloatBuffer();
          floats.put(name, readOnly ? all.asReadOnlyBuffer() : all);
        });
    return floats;
  }

  private void copyBack(Map<String, Tensor> near, boolean gradients) {
    near.forEach(
        (name, tensor) -> {
          Tensor far = far(parameters.get(name), gradients);
          if (far != tensor) {
            far.copyFrom(tensor);
          }
        });
  }

  @Override
  public void close() {
    parameters.values().forEach(Parameter::close);
  }
}
