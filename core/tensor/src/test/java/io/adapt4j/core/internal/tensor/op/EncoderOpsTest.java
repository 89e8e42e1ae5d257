package io.adapt4j.core.internal.tensor.op;

import static io.adapt4j.core.Floats.uniform;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operators of encoders: fused attention, pooling and normalization with their derivatives. */
class EncoderOpsTest {

  private static final long[] MASK = {1, 1, 1, 0, 1, 1, 0, 0};

  private final SplittableRandom random = new SplittableRandom(5);

  @SuppressWarnings("UnusedVariable")
  @AutoClose
  private final Scope scope = Scope.open();

  @ParameterizedTest(name = "padded {0}, window {1}")
  @CsvSource({"false, 0", "true, 0", "true, 3"})
  void fusedAttentionEqualsThatOfTraining(boolean padded, long window) {
    AttentionRule rule = AttentionRule.bothWays(8, window);
    Tensor q = Tensor.of(uniform(random, 2 * 3 * 20 * 8), 2, 3, 20, 8);
    Tensor k = Tensor.of(uniform(random, 2 * 3 * 20 * 8), 2, 3, 20, 8);
    Tensor v = Tensor.of(uniform(random, 2 * 3 * 20 * 8), 2, 3, 20, 8);
    Tensor mask = padded ? Masks.padding(Tensor.of(padding(), 2, 20), window, DType.F32) : null;
    float[] fused = Ops.inference().attention(q, k, v, mask, rule).toFloats();
    try (Tape tape = new Tape()) {
      tape.track(q);
      float[] plain = Ops.recording(tape, 0).attention(q, k, v, mask, rule).toFloats();
      assertThat(fused).hasSameSizeAs(plain);
      for (int i = 0; i < fused.length; i++) {
        assertThat(fused[i]).isCloseTo(plain[i], within(1e-5f));
      }
    }
  }

  private static long[] padding() {
    long[] mask = new long[40];
    Arrays.fill(mask, 0, 15, 1);
    Arrays.fill(mask, 20, 40, 1);
    return mask;
  }

  @Test
  void normalizedVectorsHaveLengthOneAndZeroStaysZero() {
    float[] y = Ops.inference().normalize(Tensor.of(new float[] {3, 4, 0, 0}, 2, 2)).toFloats();
    assertThat(y).containsExactly(new float[] {0.6f, 0.8f, 0, 0}, within(1e-6f));
  }

  @Test
  void theMaximumIsTakenOverTokensOnly() {
    float[] x = {1, -5, 2, -6, 0, -7, 9, 9, /* second row */ -1, 1, -2, 2, 9, 9, 9, 9};
    Tensor y = Ops.inference().maxPool(Tensor.of(x, 2, 4, 2), Tensor.of(MASK, 2, 4));
    assertThat(y.toFloats()).containsExactly(2, -5, -1, 2);
  }

  @Test
  void derivativesAreTheSlopes() {
    assertSlopes(3, tensors -> ops -> ops.normalize(tensors.get(0)));
    assertSlopes(3, tensors -> ops -> ops.maxPool(tensors.get(0), Tensor.of(MASK, 2, 4)));
    assertSlopes(6, tensors -> ops -> ops.joinColumns(List.of(tensors.get(0), tensors.get(0))));
  }

  /** Compares the gradient of sum(y w) by x [2, 4, 3] with differences. */
  private void assertSlopes(int width, Function<List<Tensor>, Function<Ops, Tensor>> operator) {
    float[] x = uniform(random, 24);
    float[] gradient;
    float[] weights;
    try (Tape tape = new Tape()) {
      Tensor input = Tensor.of(x, 2, 4, 3);
      tape.track(input);
      Tensor y = operator.apply(List.of(input)).apply(Ops.recording(tape, 0));
      assertThat(y.size(-1)).isEqualTo(width);
      weights = uniform(random, Math.toIntExact(y.count()));
      Tensor dy = Tensor.of(weights, y.sizes());
      gradient = tape.backward(y, dy, input).toFloats();
    }
    for (int i = 0; i < x.length; i++) {
      double slope = (sum(x, i, 1e-2f, weights, operator) - sum(x, i, -1e-2f, weights, operator));
      assertThat((double) gradient[i]).as("entry %d", i).isCloseTo(slope / 2e-2, within(2e-2));
    }
  }

  private static double sum(
      float[] x,
      int entry,
      float step,
      float[] weights,
      Function<List<Tensor>, Function<Ops, Tensor>> operator) {
    float[] moved = x.clone();
    moved[entry] += step;
    float[] y =
        operator.apply(List.of(Tensor.of(moved, 2, 4, 3))).apply(Ops.inference()).toFloats();
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += (double) y[i] * weights[i];
    }
    return sum;
  }
}
