package io.adapt4j.core.internal.tensor.op;

import static io.adapt4j.core.Floats.uniform;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Attention against the formula in double precision. The sequence is longer than a block of
 * queries, and not a multiple of one.
 */
class AttentionTest {

  private static final Operator ATTENTION_BACKWARD = Operator.core("attention_backward");

  private static final int ROWS = 2;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int LENGTH = 150;
  private static final int WIDTH = 4;
  private static final int PADDING = 5;
  private static final double SCALE = 0.5;

  private final SplittableRandom random = new SplittableRandom(7);
  private final float[] q = uniform(random, ROWS * HEADS * LENGTH * WIDTH);
  private final float[] k = uniform(random, ROWS * KV_HEADS * LENGTH * WIDTH);
  private final float[] v = uniform(random, ROWS * KV_HEADS * LENGTH * WIDTH);
  private final float[] dy = uniform(random, ROWS * LENGTH * HEADS * WIDTH);
  private AttentionRule rule;

  @SuppressWarnings("UnusedVariable")
  @AutoClose
  private final Scope scope = Scope.open();

  @ParameterizedTest(name = "left padded {0}, causal {1}, window {2}, soft cap {3}, alibi {4}")
  @CsvSource({
    "false, true, 0, 0, 0",
    "true, true, 0, 0, 0",
    "false, true, 40, 0, 0",
    "true, true, 40, 0, 0",
    "false, true, 0, 0.7, 0",
    "true, true, 40, 0.7, 0",
    "false, false, 0, 0, 0",
    "true, false, 0, 0, 0",
    "false, false, 30, 0, 0",
    "true, false, 30, 0, 0",
    "false, true, 0, 0, 8",
    "true, true, 0, 0, 4",
  })
  void outputIsTheFormulaOfThePaper(
      boolean leftPadded, boolean causal, long window, double softCap, double alibi) {
    rule = new AttentionRule(SCALE, softCap, causal, window, alibi);
    float[] found =
        Ops.inference().attention(query(), key(k), key(v), mask(leftPadded), rule).toFloats();
    for (int row = 0; row < ROWS; row++) {
      for (int head = 0; head < HEADS; head++) {
        for (int i = padding(leftPadded, row); i < LENGTH; i++) {
          double[] expected = output(q, k, v, row, head, i, padding(leftPadded, row));
          for (int d = 0; d < WIDTH; d++) {
            assertThat((double) found[at(row, head, i, d)]).isCloseTo(expected[d], within(1e-5));
          }
        }
      }
    }
  }

  /** The blocks of a GPU, all queries at once here and in smaller ones, on the CPU. */
  @ParameterizedTest
  @ValueSource(strings = {"67108864", "90000"})
  void theBlocksOfAGpuGiveTheSame(String scores) {
    rule = new AttentionRule(SCALE, 0, true, 40);
    float[] expected = Ops.inference().attention(query(), key(k), key(v), null, rule).toFloats();
    Engine gpuBlocks = new Engine(TensorDevice.HOST, source -> asOnAGpu(source, scores));
    try (Scope own = Scope.open(gpuBlocks)) {
      assertThat(own.engine()).isSameAs(gpuBlocks);
      float[] found = Ops.inference().attention(query(), key(k), key(v), null, rule).toFloats();
      assertThat(found).containsExactly(expected, within(1e-6f));
    }
  }

  private static String asOnAGpu(String source, String scores) {
    String forCpu = "  if q.is_cpu:\n    return min(128";
    assertThat(source).contains(forCpu, "67108864");
    return source.replace(forCpu, forCpu.replace("q.is_cpu", "False")).replace("67108864", scores);
  }

  @ParameterizedTest(name = "left padded {0}, causal {1}, window {2}, soft cap {3}, alibi {4}")
  @CsvSource({
    "false, true, 0, 0, 0",
    "true, true, 0, 0, 0",
    "false, true, 40, 0, 0",
    "false, true, 40, 0.7, 0",
    "true, true, 40, 0.7, 0",
    "false, false, 30, 0, 0",
    "true, false, 0, 0, 0",
    "false, true, 0, 0, 8",
    "true, true, 0, 0, 4",
  })
  void gradientsAreTheSlopesOfTheFormula(
      boolean leftPadded, boolean causal, long window, double softCap, double alibi) {
    rule = new AttentionRule(SCALE, softCap, causal, window, alibi);
    // Padding positions have no loss, so nothing flows back from them.
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < padding(leftPadded, row) * HEADS * WIDTH; i++) {
        dy[row * LENGTH * HEADS * WIDTH + i] = 0;
      }
    }
    Tensor mask = mask(leftPadded);
    Tensor[] found =
        ATTENTION_BACKWARD.tensors(
            Tensor.of(dy, ROWS, LENGTH, HEADS * WIDTH),
            query(),
            key(k),
            key(v),
            mask == null ? List.of() : List.of(mask),
            SCALE,
            softCap,
            causal,
            window,
            0.0,
            alibi);
    List<float[]> inputs = List.of(q, k, v);
    for (int input = 0; input < inputs.size(); input++) {
      float[] gradient = found[input].toFloats();
      for (int sample = 0; sample < 12; sample++) {
        int entry = random.nextInt(gradient.length);
        assertThat((double) gradient[entry])
            .as("input %d entry %d", input, entry)
            .isCloseTo(slope(inputs.get(input), entry, leftPadded), within(1e-3));
      }
    }
  }

  /** The central difference of the sum of y dy. */
  private double slope(float[] input, int entry, boolean leftPadded) {
    float original = input[entry];
    float step = 1e-2f;
    input[entry] = original + step;
    double above = weightedSum(leftPadded);
    input[entry] = original - step;
    double below = weightedSum(leftPadded);
    double width = (double) (original + step) - (double) (original - step);
    input[entry] = original;
    return (above - below) / width;
  }

  private double weightedSum(boolean leftPadded) {
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      for (int head = 0; head < HEADS; head++) {
        for (int i = padding(leftPadded, row); i < LENGTH; i++) {
          double[] y = output(q, k, v, row, head, i, padding(leftPadded, row));
          for (int d = 0; d < WIDTH; d++) {
            sum += y[d] * dy[at(row, head, i, d)];
          }
        }
      }
    }
    return sum;
  }

  private double[] output(float[] q, float[] k, float[] v, int row, int head, int i, int first) {
    int query = ((row * HEADS + head) * LENGTH + i) * WIDTH;
    int keys = (row * KV_HEADS + head * KV_HEADS / HEADS) * LENGTH * WIDTH;
    double[] y = new double[WIDTH];
    double total = 0;
    for (int j = first; j < LENGTH; j++) {
      if (!isSeen(i, j)) {
        continue;
      }
      double score = 0;
      for (int d = 0; d < WIDTH; d++) {
        score += (double) q[query + d] * k[keys + j * WIDTH + d];
      }
      double cap = rule.softCap();
      double scaled = score * SCALE;
      double capped = cap == 0 ? scaled : cap * Math.tanh(scaled / cap);
      double slope = rule.alibi() == 0 ? 0 : Math.pow(2, -rule.alibi() * (head + 1) / HEADS);
      double weight = Math.exp(capped - slope * (i - j));
      total += weight;
      for (int d = 0; d < WIDTH; d++) {
        y[d] += weight * v[keys + j * WIDTH + d];
      }
    }
    for (int d = 0; d < WIDTH; d++) {
      y[d] /= total;
    }
    return y;
  }

  private boolean isSeen(int i, int j) {
    if (rule.causal()) {
      return j <= i && (rule.window() == 0 || j > i - rule.window());
    }
    return rule.window() == 0 || Math.abs(i - j) <= rule.window();
  }

  /** Index in [rows, length, heads, width]. */
  private static int at(int row, int head, int i, int d) {
    return ((row * LENGTH + i) * HEADS + head) * WIDTH + d;
  }

  private static int padding(boolean leftPadded, int row) {
    return leftPadded && row == 0 ? PADDING : 0;
  }

  private Tensor mask(boolean leftPadded) {
    if (!leftPadded) {
      return null;
    }
    List<Long> ones = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < LENGTH; i++) {
        ones.add(i < padding(true, row) ? 0L : 1L);
      }
    }
    long[] values = ones.stream().mapToLong(Long::longValue).toArray();
    Tensor seen = Tensor.of(values, ROWS, LENGTH);
    return rule.causal()
        ? Masks.causal(seen, LENGTH, rule.window(), DType.F32)
        : Masks.padding(seen, rule.window(), DType.F32);
  }

  private Tensor query() {
    return Tensor.of(q, ROWS, HEADS, LENGTH, WIDTH);
  }

  private static Tensor key(float[] values) {
    return Tensor.of(values, ROWS, KV_HEADS, LENGTH, WIDTH);
  }
}
