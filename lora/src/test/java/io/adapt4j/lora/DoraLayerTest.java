package io.adapt4j.lora;

import static io.adapt4j.core.Floats.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear.Part;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.LoraLinear;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * DoRA on one fused layer of three projections, two of them adapted, against the paper's formula in
 * double arithmetic (Liu et al. 2024, eq. 5 and section 4.3).
 */
class DoraLayerTest {

  private static final int IN = 5;
  private static final int POSITIONS = 4;
  private static final List<Part> PARTS =
      List.of(new Part("m.q_proj", 0, 4), new Part("m.k_proj", 4, 2), new Part("m.v_proj", 6, 3));
  private static final int OUT = 9;
  private static final int RANK = 2;
  private static final double SCALE = 1.5;

  private final double[] x = random(POSITIONS * IN, 1);
  private final double[] weight = random(OUT * IN, 2);
  private final double[] bias = random(OUT, 3);

  /** The gradient that comes back: the loss is the sum of it times the output. */
  private final double[] dy = random(POSITIONS * OUT, 4);

  private final List<double[]> a = List.of(random(RANK * IN, 5), random(RANK * IN, 6));
  private final List<double[]> b = List.of(random(4 * RANK, 7), random(3 * RANK, 8));
  private final List<double[]> magnitude = List.of(random(4, 9), random(3, 10));

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4})
  void outputAndGradientsAreThePapers(double dropout) {
    long before = Tensor.live();
    try (LoraLinear layer = layer(dropout);
        Tape tape = new Tape();
        Scope scope = Scope.open()) {
      layer.train();
      Parameter layerBias = layer.plain().bias().orElseThrow();
      layerBias.train();
      Ops ops = Ops.recording(tape, 77);
      Tensor input = tensor(x, POSITIONS, IN);
      tape.track(input);
      Tensor y = layer.forward(ops, input);
      List<double[]> masks = List.of(mask(dropout, 0), mask(dropout, 1));
      double[][] lengths = {lengths(0, a.get(0), b.get(0)), lengths(1, a.get(1), b.get(1))};
      assertClose(y.toFloats(), output(masks, lengths));
      Tensor dx = tape.backward(y, tensor(dy, POSITIONS, OUT), input);
      assertClose(dx.toFloats(), slopes(x, () -> loss(masks, lengths)));
      for (int i = 0; i < 2; i++) {
        assertClose(
            layer.trained().get(3 * i).gradient().toFloats(),
            slopes(a.get(i), () -> loss(masks, lengths)));
        assertClose(
            layer.trained().get(3 * i + 1).gradient().toFloats(),
            slopes(b.get(i), () -> loss(masks, lengths)));
        assertClose(
            layer.trained().get(3 * i + 2).gradient().toFloats(),
            slopes(magnitude.get(i), () -> loss(masks, lengths)));
      }
      assertClose(layerBias.gradient().toFloats(), slopes(bias, () -> loss(masks, lengths)));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void mergedWeightHasTheTrainedLengthsAndTheSameOutput() {
    try (LoraLinear layer = layer(0);
        Scope scope = Scope.open()) {
      float[] weights = layer.plain().weight().value().toFloats();
      Tensor input = tensor(x, POSITIONS, IN);
      double[] beside = doubles(layer.forward(Ops.inference(), input).toFloats());
      layer.merge();
      assertClose(layer.forward(Ops.inference(), input).toFloats(), beside);
      float[] merged = layer.plain().weight().value().toFloats();
      for (int row = 0; row < 4; row++) {
        double square = 0;
        for (int i = 0; i < IN; i++) {
          square += merged[row * IN + i] * merged[row * IN + i];
        }
        assertThat(Math.sqrt(square)).isCloseTo(Math.abs(magnitude.get(0)[row]), within(1e-5));
      }
      layer.unmerge();
      assertThat(layer.plain().weight().value().toFloats()).isEqualTo(weights);
    }
  }

  private LoraLinear layer(double dropout) {
    DenseLinear base = DenseLinear.declare(IN, true, PARTS);
    base.allocate(DType.F32);
    fill(base.weight().value(), weight);
    fill(base.bias().orElseThrow().value(), bias);
    LoraLinear layer =
        new LoraLinear(
            base,
            List.of(adapted(PARTS.get(0)), adapted(PARTS.get(2))),
            DType.F32,
            dropout,
            false,
            0);
    for (int i = 0; i < 2; i++) {
      try (Scope scope = Scope.open()) {
        fill(layer.factors().a(i), a.get(i));
        fill(layer.factors().b(i), b.get(i));
        long start = i == 0 ? 0 : 4;
        fill(
            layer.magnitudes().magnitudes().value().narrow(0, start, magnitude.get(i).length),
            magnitude.get(i));
      }
    }
    layer.refresh();
    return layer;
  }

  private static AdaptedPart adapted(Part part) {
    return new AdaptedPart(0, part, part.path(), IN, RANK, SCALE, false, true, false);
  }

  private static Part part(int index) {
    return PARTS.get(index == 0 ? 0 : 2);
  }

  /** W + scale B A at one place of an adapted part. */
  private double direction(int index, double[] first, double[] second, int row, int column) {
    double sum = weight[((int) part(index).start() + row) * IN + column];
    for (int r = 0; r < RANK; r++) {
      sum += SCALE * second[row * RANK + r] * first[r * IN + column];
    }
    return sum;
  }

  private double[] lengths(int index, double[] first, double[] second) {
    double[] lengths = new double[(int) part(index).width()];
    for (int row = 0; row < lengths.length; row++) {
      double square = 0;
      for (int i = 0; i < IN; i++) {
        square += Math.pow(direction(index, first, second, row, i), 2);
      }
      lengths[row] = Math.sqrt(square);
    }
    return lengths;
  }

  /**
   * y = W x + bias, and on adapted rows (m / n - 1) W u + m / n scale B A u more, where u is x
   * after dropout and n is given.
   */
  private double[] output(List<double[]> masks, double[][] lengths) {
    double[] y = new double[POSITIONS * OUT];
    for (int t = 0; t < POSITIONS; t++) {
      for (int row = 0; row < OUT; row++) {
        double sum = bias[row];
        for (int i = 0; i < IN; i++) {
          sum += weight[row * IN + i] * x[t * IN + i];
        }
        y[t * OUT + row] = sum;
      }
      for (int index = 0; index < 2; index++) {
        int start = (int) part(index).start();
        for (int row = 0; row < part(index).width(); row++) {
          double gain = magnitude.get(index)[row] / lengths[index][row];
          for (int i = 0; i < IN; i++) {
            double u = x[t * IN + i] * masks.get(index)[t * IN + i];
            double w = weight[(start + row) * IN + i];
            double update = direction(index, a.get(index), b.get(index), row, i) - w;
            y[t * OUT + start + row] += ((gain - 1) * w + gain * update) * u;
          }
        }
      }
    }
    return y;
  }

  private double loss(List<double[]> masks, double[][] lengths) {
    double[] y = output(masks, lengths);
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += dy[i] * y[i];
    }
    return sum;
  }

  /** Central differences by each of some values, which are changed in place and put back. */
  private static double[] slopes(double[] values, DoubleSupplier loss) {
    double[] slopes = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double present = values[i];
      values[i] = present + 1e-5;
      double up = loss.getAsDouble();
      values[i] = present - 1e-5;
      double down = loss.getAsDouble();
      values[i] = present;
      slopes[i] = (up - down) / 2e-5;
    }
    return slopes;
  }

  /** What the layer multiplies the input of one part by: the mask of its place. */
  private double[] mask(double dropout, int place) {
    double[] ones = new double[POSITIONS * IN];
    Arrays.fill(ones, 1);
    try (Tape tape = new Tape();
        Scope scope = Scope.open()) {
      Tensor mask = Ops.recording(tape, 77).dropout(tensor(ones, POSITIONS, IN), dropout, place);
      return doubles(mask.toFloats());
    }
  }

  private static double[] random(int count, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      // Values that fp32 holds exactly.
      values[i] = Math.rint(1024 * random.nextDouble(-1, 1)) / 1024;
    }
    return values;
  }

  private static Tensor tensor(double[] values, long... sizes) {
    return Tensor.of(floats(values), sizes);
  }

  private static void fill(Tensor target, double[] values) {
    try (Tensor filled = Tensor.of(floats(values), target.sizes())) {
      target.copyFrom(filled);
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static void assertClose(float[] found, double[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat((double) found[i]).as("[" + i + "]").isCloseTo(wanted[i], within(2e-5));
    }
  }
}
