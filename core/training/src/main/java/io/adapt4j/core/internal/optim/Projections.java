package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;

/** Source of the matrices that project gradients to a low rank. */
@FunctionalInterface
public interface Projections {

  /** Singular vectors of the gradient. */
  Projections SINGULAR = Projections::singular;

  /** Random matrices by name and use, normal with variance 1 / rank. */
  Projections RANDOM = Projections::random;

  /** A matrix to project. */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(String name, float[] gradient, List<Long> sizes, int use, int rank) {

    /** Returns whether rows are projected, those of a matrix at least as high as wide. */
    public boolean isTall() {
      return sizes.get(0) >= sizes.get(1);
    }
  }

  /** Returns a projection: [rank, columns] for a tall matrix, else [rows, rank]. */
  float[] of(Request request);

  private static float[] singular(Request request) {
    try (Scope scope = Scope.open()) {
      Tensor gradient =
          Tensor.of(request.gradient(), request.sizes().get(0), request.sizes().get(1));
      return SingularVectors.LEADING
          .tensor(gradient, request.rank(), request.isTall() ? 1 : 0)
          .toHost()
          .toFloats();
    }
  }

  private static float[] random(Request request) {
    SplittableRandom random =
        new SplittableRandom(request.name().hashCode() * 31L + ((long) request.use() << 32));
    long width = request.sizes().get(request.isTall() ? 1 : 0);
    float[] values = new float[Math.toIntExact(width * request.rank())];
    double scale = 1 / Math.sqrt(request.rank());
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return values;
  }

  /** Holder of the operator, loaded when it is used. */
  final class SingularVectors {

    private static final Operator LEADING = Operator.core("leading_singular_vectors");

    private SingularVectors() {}
  }
}
