package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights of attention by distance are dropped in training as other attention's are. */
class DistanceDropoutTest {

  private static final int HEADS = 2;
  private static final int LENGTH = 7;
  private static final int DIM = 4;
  private static final int SIZE = 3 * HEADS * LENGTH * DIM;
  private static final double RATE = 0.3;
  private static final double STEP = 1e-2;

  /** How distances take part. */
  enum Kind {
    /** A bias for each bucket: MPNet. */
    BUCKETS,
    /** A bias that is an input: T5. */
    BIAS,
    /** Keys and queries of distances: DeBERTa. */
    DISENTANGLED
  }

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** With one tensor as queries, keys and values, so that its gradient has all three. */
  private static Tensor attend(Kind kind, Ops ops, Tensor q, Parameter table) {
    Tensor[] heads = {q, q, q};
    return switch (kind) {
      case BUCKETS ->
          RelativeOps.biasedAttention(ops, heads, table, null, 0.5, new RelativeOps.Buckets(8, 6));
      case BIAS ->
          ops.biasedAttention(
              q,
              q,
              q,
              Tensor.of(random(LENGTH * LENGTH * HEADS, 4), LENGTH, LENGTH, HEADS),
              null,
              0.5);
      case DISENTANGLED -> {
        Tensor places = Tensor.of(random(HEADS * 8 * DIM, 5), 1, HEADS, 8, DIM);
        yield RelativeOps.disentangledAttention(
            ops, heads, List.of(places), List.of(places), null, 0.5, new RelativeOps.Rows(4, 0, 4));
      }
    };
  }

  private static Parameter table() {
    Parameter table = Parameter.of("table", 8, HEADS);
    table.allocate(DType.F32);
    try (Tensor values = Tensor.of(random(8 * HEADS, 6), 8, HEADS)) {
      table.value().copyFrom(values);
    }
    return table;
  }

  /** A weighted sum of the outputs, and its gradient by what is query, key and value at once. */
  private static double sum(Kind kind, float[] queries, long seed, float[] gradient) {
    try (Scope scope = Scope.open();
        Parameter table = table();
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed).dropping(DropoutRates.ofAttention(RATE));
      Tensor q = Tensor.of(queries, 3, HEADS, LENGTH, DIM);
      tape.track(q);
      Tensor y = attend(kind, ops, q, table);
      float[] values = y.toFloats();
      float[] by = random(values.length, 7);
      double sum = 0;
      for (int i = 0; i < values.length; i++) {
        sum += (double) values[i] * by[i];
      }
      Tensor found = tape.backward(y, Tensor.of(by, y.sizes()), q);
      System.arraycopy(found.toFloats(), 0, gradient, 0, gradient.length);
      return sum;
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theSeedDecidesWhatIsDroppedAndGradientsAreThoseOfDifferences(Kind kind) {
    float[] queries = random(SIZE, 1);
    float[] gradient = new float[SIZE];
    double first = sum(kind, queries, 11, gradient);
    assertThat(sum(kind, queries, 11, new float[SIZE])).isEqualTo(first);
    assertThat(sum(kind, queries, 12, new float[SIZE])).isNotCloseTo(first, within(1e-3));
    float[] direction = random(SIZE, 8);
    float[] up = queries.clone();
    float[] down = queries.clone();
    double slope = 0;
    for (int i = 0; i < SIZE; i++) {
      up[i] += (float) (STEP * direction[i]);
      down[i] -= (float) (STEP * direction[i]);
      slope += (double) gradient[i] * direction[i];
    }
    double difference =
        (sum(kind, up, 11, new float[SIZE]) - sum(kind, down, 11, new float[SIZE])) / (2 * STEP);
    assertThat(slope).isCloseTo(difference, within(5e-3 * Math.max(1, Math.abs(difference))));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void nothingIsDroppedWithoutATape(Kind kind) {
    try (Scope scope = Scope.open();
        Parameter table = table()) {
      Tensor q = Tensor.of(random(SIZE, 1), 3, HEADS, LENGTH, DIM);
      Ops dropping = Ops.inference().dropping(DropoutRates.ofAttention(RATE));
      assertThat(attend(kind, dropping, q, table).toFloats())
          .isEqualTo(attend(kind, Ops.inference(), q, table).toFloats());
    }
  }
}
