package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Learned positions of a square of patches, resized to the grid of each picture. Resizing is a
 * product with the weights of the square's positions, so that it has a gradient.
 *
 * @param table [hidden, first + side * side]
 * @param first positions before the square, such as that of a class token
 */
record PositionTable(Parameter table, int side, int first) {

  /** Parameter of the cubic kernel of libtorch. */
  private static final double CUBIC = -0.75;

  /** Weights of the square's rows for one row of a grid, or of its columns for one column. */
  private interface Axis extends IntFunction<double[]> {}

  static PositionTable declare(TowerWeights weights, String name, int side, int hidden) {
    Parameter.Slice slice = new Parameter.Slice(name, 0, hidden, true);
    return new PositionTable(
        weights.add(new Parameter(List.of(slice), hidden, (long) side * side)), side, 0);
  }

  /**
   * Declares positions of a class token and a square, which are stored as [1, positions, hidden].
   */
  static PositionTable afterClass(TowerWeights weights, String name, int side, int hidden) {
    Parameter.Slice slice = new Parameter.Slice(name, 0, hidden, true);
    long positions = 1 + (long) side * side;
    Parameter table = new Parameter(List.of(slice), hidden, positions);
    return new PositionTable(weights.add(table, 1, positions, hidden), side, 1);
  }

  /**
   * Computes positions.
   *
   * @param resizing weights [positions, first + side * side]
   * @return [rows, positions, hidden]
   */
  Tensor forward(Ops ops, float[] resizing, int rows) {
    long width = width();
    long length = resizing.length / width;
    Tensor given = Tensor.of(resizing, 1, length, width);
    DType type = table.value().type();
    Tensor once = ops.linear(type == DType.F32 ? given : given.copyAs(type), table, null);
    return rows == 1
        ? once
        : TowerLayers.shaped(
            ops,
            TowerLayers.joined(ops, Collections.nCopies(rows, once)),
            rows,
            length,
            once.size(-1));
  }

  /** Returns the weights of bilinear resizing with antialiasing, as libtorch's. */
  float[] bilinear(int rows, int columns) {
    return grid(rows, columns, antialiased(rows), antialiased(columns));
  }

  /** Returns the weights of bicubic resizing without antialiasing, as libtorch's. */
  float[] bicubic(int rows, int columns) {
    return grid(rows, columns, cubic(rows), cubic(columns));
  }

  /** Returns the weights of linear interpolation between corners that stay where they are. */
  float[] cornered(int rows, int columns) {
    return grid(rows, columns, cornered(rows), cornered(columns));
  }

  /** {@return the number of positions in the table} */
  int width() {
    return first + side * side;
  }

  private float[] grid(int rows, int columns, Axis down, Axis right) {
    int width = width();
    float[] weights = new float[Math.multiplyExact(first + rows * columns, width)];
    for (int i = 0; i < first; i++) {
      weights[i * width + i] = 1;
    }
    for (int row = 0; row < rows; row++) {
      double[] vertical = down.apply(row);
      for (int column = 0; column < columns; column++) {
        double[] horizontal = right.apply(column);
        int at = (first + row * columns + column) * width + first;
        for (int y = 0; y < side; y++) {
          for (int x = 0; vertical[y] != 0 && x < side; x++) {
            weights[at + y * side + x] = (float) (vertical[y] * horizontal[x]);
          }
        }
      }
    }
    return weights;
  }

  private Axis antialiased(int size) {
    double scale = (double) side / size;
    double support = Math.max(scale, 1);
    return i -> {
      double center = (i + 0.5) * scale;
      int low = Math.max((int) (center - support + 0.5), 0);
      int high = Math.min((int) (center + support + 0.5), side);
      double[] weights = new double[side];
      double sum = 0;
      for (int x = low; x < high; x++) {
        weights[x] = Math.max(0, 1 - Math.abs((x - center + 0.5) / support));
        sum += weights[x];
      }
      for (int x = low; x < high; x++) {
        weights[x] /= sum;
      }
      return weights;
    };
  }

  private Axis cubic(int size) {
    double scale = (double) side / size;
    return i -> {
      double source = (i + 0.5) * scale - 0.5;
      int first = (int) Math.floor(source);
      double[] weights = new double[side];
      for (int offset = -1; offset <= 2; offset++) {
        int place = Math.min(Math.max(first + offset, 0), side - 1);
        weights[place] += cubicAt(Math.abs(source - first - offset));
      }
      return weights;
    };
  }

  private static double cubicAt(double x) {
    return x <= 1
        ? ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
        : ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
  }

  /** In fp32 from both ends, like torch.linspace. */
  private Axis cornered(int size) {
    float step = size == 1 ? 0 : (side - 1f) / (size - 1);
    return i -> {
      float place = i < size / 2 || size == 1 ? i * step : side - 1 - step * (size - 1 - i);
      int first = (int) place;
      double[] weights = new double[side];
      weights[first] += 1 - (place - first);
      weights[Math.min(first + 1, side - 1)] += place - first;
      return weights;
    };
  }
}
