package io.adapt4j.core.internal.optim;

import static io.adapt4j.core.Floats.uniform;
import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Optimizers against their published formulas, worked out in double precision. */
class OptimizerTest {

  private static final double RATE = 0.01;
  private static final double DECAY = 0.1;
  private static final int ROWS = 3;
  private static final int COLUMNS = 4;
  private static final int STEPS = 5;

  private final SplittableRandom random = new SplittableRandom(5);

  @SuppressWarnings("UnusedVariable")
  @AutoClose
  private final Scope scope = Scope.open();

  @ParameterizedTest
  @ValueSource(strings = {"layer.q_proj.weight", "layer.q_proj.bias", "model.norm.weight"})
  void adamWDecaysWeightsAndMovesAll(String name) {
    double decay = name.equals("layer.q_proj.weight") ? DECAY : 0;
    double[] m = new double[ROWS * COLUMNS];
    double[] v = new double[m.length];
    check(
        name,
        new Optimizer.AdamW(0.9, 0.99, 1e-8),
        1e-6,
        (p, g, step) -> {
          for (int i = 0; i < p.length; i++) {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
            double mean = m[i] / (1 - Math.pow(0.9, step));
            double square = v[i] / (1 - Math.pow(0.99, step));
            p[i] = p[i] * (1 - RATE * decay) - RATE * mean / (Math.sqrt(square) + 1e-8);
          }
        });
  }

  @Test
  void lionStepsByTheSignOfMomentumAndGradient() {
    double[] m = new double[ROWS * COLUMNS];
    check(
        "layer.weight",
        Optimizer.lion(),
        1e-6,
        (p, g, step) -> {
          for (int i = 0; i < p.length; i++) {
            p[i] = p[i] * (1 - RATE * DECAY) - RATE * Math.signum(0.9 * m[i] + 0.1 * g[i]);
            m[i] = 0.99 * m[i] + 0.01 * g[i];
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void momentumBeginsWithTheFirstGradient(boolean nesterov) {
    double[] buffer = new double[ROWS * COLUMNS];
    check(
        "layer.weight",
        new Optimizer.Sgd(0.8, nesterov),
        1e-6,
        (p, g, step) -> {
          for (int i = 0; i < p.length; i++) {
            double d = g[i] + DECAY * p[i];
            buffer[i] = step == 1 ? d : 0.8 * buffer[i] + d;
            p[i] -= RATE * (nesterov ? d + 0.8 * buffer[i] : buffer[i]);
          }
        });
  }

  @Test
  void plainDescentKeepsNothing() {
    check(
        "layer.weight",
        Optimizer.sgd(0),
        1e-6,
        (p, g, step) -> {
          for (int i = 0; i < p.length; i++) {
            p[i] -= RATE * (g[i] + DECAY * p[i]);
          }
        });
  }

  @Test
  void adafactorFactorsTheSecondMomentAndClipsTheUpdate() {
    double[] row = new double[ROWS];
    double[] column = new double[COLUMNS];
    check(
        "layer.weight",
        Optimizer.adafactor(),
        1e-5,
        (p, g, step) -> {
          double beta = 1 - Math.pow(step, -0.8);
          double[] rowMean = new double[ROWS];
          double[] columnMean = new double[COLUMNS];
          for (int i = 0; i < p.length; i++) {
            double square = g[i] * g[i] + 1e-30;
            rowMean[i / COLUMNS] += square / COLUMNS;
            columnMean[i % COLUMNS] += square / ROWS;
          }
          double mean = 0;
          for (int r = 0; r < ROWS; r++) {
            row[r] = beta * row[r] + (1 - beta) * rowMean[r];
            mean += row[r] / ROWS;
          }
          for (int c = 0; c < COLUMNS; c++) {
            column[c] = beta * column[c] + (1 - beta) * columnMean[c];
          }
          double[] update = new double[p.length];
          double squares = 0;
          for (int i = 0; i < p.length; i++) {
            update[i] = g[i] / Math.sqrt(row[i / COLUMNS] / mean) / Math.sqrt(column[i % COLUMNS]);
            squares += update[i] * update[i] / p.length;
          }
          double clip = Math.max(1, Math.sqrt(squares));
          for (int i = 0; i < p.length; i++) {
            p[i] = p[i] * (1 - RATE * DECAY) - RATE * update[i] / clip;
          }
        });
  }

  @Test
  void eightBitAdamWStaysCloseToAdamWOnLargeTensors() {
    int count = 5000;
    float[] start = uniform(random, count);
    Trainable exact = trained("layer.weight", start.clone(), count);
    Trainable coded = trained("layer.weight", start.clone(), count);
    try (OptimizerState optimizerState =
            OptimizerStates.start(Optimizer.adamW(), List.of(exact), DECAY);
        OptimizerState other =
            OptimizerStates.start(Optimizer.adamW8bit(), List.of(coded), DECAY)) {
      for (int step = 0; step < 50; step++) {
        float[] gradient = uniform(random, count);
        for (int i = 0; i < count; i++) {
          gradient[i] = gradient[i] * 0.3f + Math.signum(start[i]);
        }
        exact.gradient().copyFrom(Tensor.of(gradient, count));
        coded.gradient().copyFrom(Tensor.of(gradient, count));
        optimizerState.step(RATE);
        other.step(RATE);
      }
    }
    float[] expected = exact.value().toFloats();
    float[] found = coded.value().toFloats();
    double moved = 0;
    double apart = 0;
    for (int i = 0; i < count; i++) {
      moved += Math.abs(expected[i] - start[i]);
      apart += Math.abs(expected[i] - found[i]);
    }
    assertThat(apart / moved).isLessThan(0.05);
  }

  @Test
  void eightBitAdamWOfSmallTensorsIsAdamW() {
    float[] start = uniform(random, ROWS * COLUMNS);
    Trainable exact = trained("layer.weight", start.clone(), ROWS, COLUMNS);
    Trainable coded = trained("layer.weight", start.clone(), ROWS, COLUMNS);
    try (OptimizerState optimizerState =
            OptimizerStates.start(Optimizer.adamW(), List.of(exact), DECAY);
        OptimizerState other =
            OptimizerStates.start(Optimizer.adamW8bit(), List.of(coded), DECAY)) {
      for (int step = 0; step < STEPS; step++) {
        Tensor gradient = Tensor.of(uniform(random, ROWS * COLUMNS), ROWS, COLUMNS);
        exact.gradient().copyFrom(gradient);
        coded.gradient().copyFrom(gradient);
        optimizerState.step(RATE);
        other.step(RATE);
      }
    }
    assertThat(coded.value().toFloats()).containsExactly(exact.value().toFloats(), within(1e-6f));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pagedStepsAreThoseOfTheOptimizerToTheBit(boolean eightBit) {
    int count = 5000;
    float[] start = uniform(random, count);
    Trainable plain = trained("layer.weight", start.clone(), count);
    Trainable paged = trained("layer.weight", start.clone(), count);
    Optimizer optimizer = eightBit ? Optimizer.adamW8bit() : Optimizer.adamW();
    try (OptimizerState optimizerState = OptimizerStates.start(optimizer, List.of(plain), DECAY);
        OptimizerState other =
            OptimizerStates.start(new Optimizer.Paged(optimizer), List.of(paged), DECAY)) {
      for (int step = 0; step < STEPS; step++) {
        Tensor gradient = Tensor.of(uniform(random, count), count);
        plain.gradient().copyFrom(gradient);
        paged.gradient().copyFrom(gradient);
        optimizerState.step(RATE);
        other.step(RATE);
      }
    }
    assertThat(paged.value().toFloats()).isEqualTo(plain.value().toFloats());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    refuses(IllegalArgumentException.class, () -> new Optimizer.AdamW(1, 0.9, 1e-8), "beta1");
    refuses(IllegalArgumentException.class, () -> new Optimizer.Sgd(0, true), "nesterov");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Optimizer.Paged(Optimizer.lion()))
        .withMessage("paged: expected AdamW or AdamW8bit, found Lion[beta1=0.9, beta2=0.99]");
  }

  private interface Formula {
    void step(double[] values, double[] gradient, int step);
  }

  private void check(String name, Optimizer optimizer, double tolerance, Formula formula) {
    float[] start = uniform(random, ROWS * COLUMNS);
    double[] expected = new double[start.length];
    for (int i = 0; i < start.length; i++) {
      expected[i] = start[i];
    }
    Trainable parameter = trained(name, start, ROWS, COLUMNS);
    try (OptimizerState state = OptimizerStates.start(optimizer, List.of(parameter), DECAY)) {
      for (int step = 1; step <= STEPS; step++) {
        float[] gradient = uniform(random, start.length);
        parameter.gradient().copyFrom(Tensor.of(gradient, ROWS, COLUMNS));
        state.step(RATE);
        double[] exact = new double[gradient.length];
        for (int i = 0; i < exact.length; i++) {
          exact[i] = gradient[i];
        }
        formula.step(expected, exact, step);
      }
    }
    float[] found = parameter.value().toFloats();
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], within(tolerance));
    }
  }

  private static Trainable trained(String name, float[] values, long... sizes) {
    return new Trainable(
        name, Tensor.of(values, sizes), Tensor.of(new float[values.length], sizes));
  }
}
