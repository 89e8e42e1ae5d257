package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.internal.optim.Lbfgs;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.ClassLoss;
import io.adapt4j.core.task.ClassificationProblem;
import java.util.Arrays;
import java.util.List;

/**
 * Fit of a linear layer to frozen features: logistic regression for classes, ridge regression for
 * numbers. Features are standardized so that one penalty suits all.
 */
final class HeadFit {

  private static final int ITERATIONS = 60;

  /** Number of values in the L-BFGS history: 64 MiB. */
  static final long HISTORY_ENTRIES = 1L << 23;

  private static final int LONGEST_HISTORY = 10;

  private static final int HELD_OUT_EVERY = 5;

  /**
   * Factor of the L2 penalty, which is this times features over targets, per class, and so
   * decreases with more rows; tuned on BANKING77, CLINC150, AG News and SST-2.
   */
  private static final double PENALTY = 2;

  private static final double HIGHEST_PENALTY = 0.5;

  /** Relative penalty of biases, which is low because rare classes need low biases. */
  private static final double OF_BIAS = 0.01;

  private final FrozenFeatures rows;
  private final ClassificationProblem problem;
  private final int outputs;
  private final int width;
  private final boolean hasBias;
  private final double[] mean;
  private final double[] deviation;
  private final double total;

  private HeadFit(FrozenFeatures rows, Shape shape) {
    this.rows = rows;
    this.problem = shape.problem();
    this.outputs = shape.outputs();
    this.width = shape.width();
    this.hasBias = shape.hasBias();
    this.mean = new double[width];
    this.deviation = new double[width];
    this.total = rows.weight();
  }

  /** Loss and sizes of a layer to fit. */
  record Shape(ClassificationProblem problem, int outputs, int width, boolean hasBias) {}

  /**
   * A linear layer.
   *
   * @param weight row-major [outputs, width]
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Layer(float[] weight, float[] bias) {}

  /** Fits a layer. */
  static Layer fit(FrozenFeatures rows, Shape shape) {
    return new HeadFit(rows, shape).fitted();
  }

  /** Returns the length of the L-BFGS history for a layer; useless below 2. */
  static int history(long entries) {
    return (int) Math.min(LONGEST_HISTORY, HISTORY_ENTRIES / (2 * entries));
  }

  /**
   * Returns the mean loss on a fifth of the targets of a layer fitted to the others: how well the
   * features suit the problem. Only ratios between features for the same targets are meaningful.
   */
  static double heldOutLoss(FrozenFeatures rows, Shape shape) {
    Layer layer = fit(rows.part(i -> i % HELD_OUT_EVERY != 0), shape);
    FrozenFeatures held = rows.part(i -> i % HELD_OUT_EVERY == 0);
    try (Scope scope = Scope.open()) {
      Tensor logits =
          Tensor.of(held.features(), held.targets(), shape.width())
              .times(Tensor.of(layer.weight(), shape.outputs(), shape.width()).transposed())
              .plus(Tensor.of(layer.bias(), shape.outputs()));
      return held.wanted(shape.problem()).loss(logits).sum() / held.weight();
    }
  }

  private Layer fitted() {
    standardize();
    double[] center = new double[outputs];
    double[] scale = new double[outputs];
    Arrays.fill(scale, 1);
    TextTargets targets =
        problem == ClassificationProblem.REGRESSION
            ? standardizedNumbers(center, scale)
            : rows.wanted(problem);
    int columns = width + (hasBias ? 1 : 0);
    double[] found;
    try (Scope scope = Scope.open()) {
      Tensor inputs = inputs(columns);
      found =
          Lbfgs.minimize(
              (point, gradient) -> loss(inputs, targets, point, gradient, columns),
              new double[outputs * columns],
              ITERATIONS,
              history((long) outputs * columns));
    }
    return layer(found, columns, center, scale);
  }

  private Tensor inputs(int columns) {
    if (!hasBias) {
      return Tensor.of(rows.features(), rows.targets(), columns);
    }
    float[] ones = new float[rows.targets()];
    Arrays.fill(ones, 1);
    try (Tensor features = Tensor.of(rows.features(), rows.targets(), width);
        Tensor constant = Tensor.of(ones, rows.targets(), 1)) {
      return Tensor.concatenated(List.of(features, constant), 1);
    }
  }

  /**
   * Scales features to standard deviation 1 and, if there is a bias, to mean 0; a constant feature
   * becomes 0.
   */
  private void standardize() {
    float[] features = rows.features();
    for (int row = 0; row < rows.targets() && hasBias; row++) {
      for (int i = 0; i < width; i++) {
        mean[i] += rows.weights()[row] * features[row * width + i] / total;
      }
    }
    for (int row = 0; row < rows.targets(); row++) {
      for (int i = 0; i < width; i++) {
        double off = features[row * width + i] - mean[i];
        deviation[i] += rows.weights()[row] * off * off / total;
      }
    }
    for (int i = 0; i < width; i++) {
      deviation[i] = Math.sqrt(deviation[i]);
      if (!(deviation[i] > 1e-6 * Math.abs(mean[i]) && deviation[i] > 1e-12)) {
        deviation[i] = Double.POSITIVE_INFINITY;
      }
    }
    for (int row = 0; row < rows.targets(); row++) {
      for (int i = 0; i < width; i++) {
        int at = row * width + i;
        features[at] = (float) ((features[at] - mean[i]) / deviation[i]);
      }
    }
  }

  private TextTargets standardizedNumbers(double[] center, double[] scale) {
    float[] values = rows.values().clone();
    for (int output = 0; output < outputs; output++) {
      double sum = 0;
      double squares = 0;
      for (int row = 0; row < rows.targets(); row++) {
        sum += rows.weights()[row] * values[row * outputs + output];
      }
      center[output] = hasBias ? sum / total : 0;
      for (int row = 0; row < rows.targets(); row++) {
        double off = values[row * outputs + output] - center[output];
        squares += rows.weights()[row] * off * off;
      }
      double found = Math.sqrt(squares / total);
      scale[output] = found > 0 ? found : 1;
      for (int row = 0; row < rows.targets(); row++) {
        int at = row * outputs + output;
        values[at] = (float) ((values[at] - center[output]) / scale[output]);
      }
    }
    return new TextTargets.Numbers(values, rows.weights());
  }

  private double penalty() {
    return Math.min(HIGHEST_PENALTY, PENALTY * width / rows.targets()) / outputs;
  }

  private double loss(
      Tensor inputs, TextTargets targets, double[] point, double[] gradient, int columns) {
    float[] weight = new float[point.length];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) point[i];
    }
    double value;
    float[] slopes;
    try (Scope scope = Scope.open()) {
      Tensor logits = inputs.times(Tensor.of(weight, outputs, columns).transposed());
      ClassLoss.Result loss = targets.loss(logits);
      value = loss.sum() / total;
      slopes = loss.logitsGradient().copyAs(DType.F32).transposed().times(inputs).toFloats();
    }
    double held = 0;
    double penalty = penalty();
    for (int i = 0; i < point.length; i++) {
      double own = penalty * (i % columns == width ? OF_BIAS : 1);
      held += own * point[i] * point[i] / 2;
      gradient[i] = slopes[i] / total + own * point[i];
    }
    return value + held;
  }

  /** Returns the layer for the original features and targets. */
  private Layer layer(double[] found, int columns, double[] center, double[] scale) {
    float[] weight = new float[outputs * width];
    float[] bias = new float[outputs];
    for (int output = 0; output < outputs; output++) {
      double constant = hasBias ? found[output * columns + width] : 0;
      for (int i = 0; i < width; i++) {
        double plain = found[output * columns + i] / deviation[i];
        weight[output * width + i] = (float) (plain * scale[output]);
        constant -= plain * mean[i];
      }
      bias[output] = (float) (constant * scale[output] + center[output]);
    }
    return new Layer(weight, bias);
  }
}
