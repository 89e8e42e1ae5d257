package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.method.MergeMethod.Dialect;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Choice of the values of a difference that are kept; the others become 0. */
enum Pruning {
  /** Keeps all. */
  NONE,

  /** Keeps the largest. */
  MAGNITUDE {
    @Override
    boolean[] kept(Request request) {
      float[] values = request.values();
      return Magnitudes.largest(values, (int) (request.density() * values.length));
    }
  },

  /** Keeps each with the same probability. */
  RANDOM {
    @Override
    boolean[] kept(Request request) {
      float[] uniforms = request.uniforms().get();
      boolean[] kept = new boolean[uniforms.length];
      for (int i = 0; i < kept.length; i++) {
        kept[i] = uniforms[i] < (float) request.density();
      }
      return kept;
    }
  },

  /**
   * Drops the largest, then the smallest. A tensor with so few values that none is among the
   * largest loses all, as in mergekit.
   */
  OUTLIERS {
    @Override
    boolean[] kept(Request request) {
      float[] values = request.values();
      int target = (int) (request.density() * values.length);
      int largest = (int) (request.method().gamma() * values.length);
      int smallest = values.length - target - largest;
      if (smallest < 0) {
        largest += smallest;
        smallest = 0;
      }
      if (largest <= 0) {
        return new boolean[values.length];
      }
      boolean[] kept = Magnitudes.largest(values, values.length - smallest);
      boolean[] dropped = Magnitudes.largest(values, largest);
      for (int i = 0; i < kept.length; i++) {
        kept[i] &= !dropped[i];
      }
      return kept;
    }
  },

  /** Keeps each with a probability that grows with its rank along the second dimension. */
  RANKED {
    @Override
    boolean[] kept(Request request) {
      double density = request.density();
      double epsilon = request.method().epsilon();
      if (density + epsilon >= 1 || density - epsilon <= 0) {
        throw new IllegalArgumentException(
            "epsilon: expected density - epsilon above 0 and density + epsilon below 1, found"
                + " density %s and epsilon %s".formatted(density, epsilon));
      }
      List<Long> sizes = request.sizes();
      int width = Math.toIntExact(sizes.get(Math.min(1, sizes.size() - 1)));
      int inner = Math.toIntExact(sizes.stream().skip(2).reduce(1L, (left, right) -> left * right));
      float[] values = request.values();
      float[] uniforms = request.uniforms().get();
      boolean[] kept = new boolean[values.length];
      long[] keys = new long[width];
      for (int start = 0; start < values.length; start += width * inner) {
        for (int lane = start; lane < start + inner; lane++) {
          for (int i = 0; i < width; i++) {
            keys[i] = (long) Magnitudes.bits(values[lane + i * inner]) << Integer.SIZE | i;
          }
          Arrays.sort(keys);
          for (int rank = 0; rank < width; rank++) {
            int at = lane + (int) keys[rank] * inner;
            float share = width == 1 ? 0.5f : (float) rank / (width - 1);
            kept[at] = uniforms[at] < (float) (density - epsilon) + share * (float) (2 * epsilon);
          }
        }
      }
      return kept;
    }
  };

  /** L1 norm below which mergekit does not rescale. */
  private static final double NOTHING = 1e-7;

  /** A difference to prune. */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(
      float[] values,
      List<Long> sizes,
      double density,
      MergeMethod method,
      Supplier<float[]> uniforms) {}

  static Pruning of(Algorithm algorithm) {
    return switch (algorithm) {
      case MAGNITUDE_PRUNE, TIES -> MAGNITUDE;
      case DARE_LINEAR, DARE_TIES -> RANDOM;
      case BREADCRUMBS, BREADCRUMBS_TIES -> OUTLIERS;
      case DELLA, DELLA_LINEAR -> RANKED;
      default -> NONE;
    };
  }

  boolean[] kept(Request request) {
    throw new IllegalStateException("Nothing is pruned");
  }

  /** Prunes a difference in place and rescales the rest. */
  final void apply(
      float[] values,
      List<Long> sizes,
      double density,
      MergeMethod method,
      Supplier<float[]> uniforms) {
    if (this == NONE || density >= 1) {
      return;
    }
    boolean[] kept = kept(new Request(values, sizes, density, method, uniforms));
    double before = 0;
    double after = 0;
    for (int i = 0; i < values.length; i++) {
      before += Math.abs(values[i]);
      if (kept[i]) {
        after += Math.abs(values[i]);
      } else {
        values[i] = 0;
      }
    }
    if (!method.rescale()) {
      return;
    }
    if (method.dialect() == Dialect.PEFT) {
      divide(values, density);
    } else if (before >= NOTHING && after >= NOTHING) {
      divide(values, after / before);
    }
  }

  private static void divide(float[] values, double divisor) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] / divisor);
    }
  }
}
