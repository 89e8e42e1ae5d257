package io.adapt4j.core.internal.tensor.loss;

import static io.adapt4j.core.Floats.normal;
import static io.adapt4j.core.internal.tensor.loss.VocabularyDivergenceTest.parameter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.AlignedDistillation.Entries;
import io.adapt4j.core.internal.tensor.loss.AlignedDistillation.Parts;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Result;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss of groups of tokens by hand, and its gradients by differences. */
class AlignedDistillationTest {

  private static final int WIDTH = 6;
  private static final int OWN = 7;
  private static final int OTHER = 9;
  private static final TokenGroups GROUPS =
      new TokenGroups(new int[] {1, 3, 1, 2}, new int[] {2, 1, 1, 3}, new float[] {1, 0.5f, 2, 1});
  private static final long[] TARGETS = {0, 3, 6, 2, 2, 5, 1};
  private static final long[] TEACHER_TARGETS = {8, 1, 0, 4, 4, 7, 2};
  private static final Entries ENTRIES =
      new Entries(
          new long[] {2, 5, 6}, new long[] {8, 0, 4}, others(OWN, 2, 5, 6), others(OTHER, 8, 0, 4));

  private final Random random = new Random(5);
  private final float[] hidden = normal(random, TARGETS.length * WIDTH);
  private final float[] weight = normal(random, OWN * WIDTH);
  private final float[] bias = normal(random, OWN);
  private final float[] teacherHidden = normal(random, TEACHER_TARGETS.length * WIDTH);
  private final float[] teacherWeight = normal(random, OTHER * WIDTH);

  private static long[] others(int size, long... matched) {
    return LongStream.range(0, size)
        .filter(id -> Arrays.stream(matched).noneMatch(other -> other == id))
        .toArray();
  }

  @Test
  void aGroupOfTwoTokensHasTheProbabilityOfBoth() {
    // The student says 0.75 for its token; the teacher 0.5 for the first, then 0.8 for the second.
    float[] own = {(float) Math.log(0.75), (float) Math.log(0.25)};
    float[] theirs = {0, 0, (float) Math.log(0.2), (float) Math.log(0.8)};
    try (Scope scope = Scope.open();
        Parameter identity = parameter("head", new float[] {1, 0, 0, 1}, 2, 2)) {
      VocabularyHead head = new VocabularyHead(identity, null, 1, 0);
      Live teacher = new Live(Tensor.of(theirs, 2, 2), head);
      Entries entries = new Entries(new long[] {0}, new long[] {0}, new long[] {1}, new long[] {1});
      TokenGroups group = new TokenGroups(new int[] {1}, new int[] {2}, new float[] {1});
      Tensor[] targets = {Tensor.of(new long[] {0}, 1), Tensor.of(new long[] {0, 1}, 2)};
      // In the chain the teacher says 0.5 * 0.2 for the matched token, 0.5 * 0.8 for the other one.
      double divergence = 0.1 * Math.log(0.1 / 0.75);
      double sorted = 0.4 - 0.25;
      double text = -Math.log(0.75);
      for (double[] parts : new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0.5, 0.25, 2}}) {
        float[] losses =
            new AlignedDistillation(0, 1, entries, new Parts(parts[0], parts[1], parts[2]), false)
                .evaluate(Tensor.of(own, 1, 2), head, targets, teacher, group);
        assertThat((double) losses[0])
            .isCloseTo(parts[0] * divergence + parts[1] * sorted + parts[2] * text, within(1e-6));
        losses =
            new AlignedDistillation(0, 1, entries, new Parts(parts[0], parts[1], parts[2]), true)
                .evaluate(Tensor.of(own, 1, 2), head, targets, teacher, group);
        double texts = 0.4 * Math.log(0.4 / 0.75) + 0.6 * Math.log(0.6 / 0.25);
        assertThat((double) losses[0])
            .isCloseTo((parts[0] + parts[1]) * texts + parts[2] * text, within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 0, 1000000, false",
    "1, 1.5, 0, 1000000, false",
    "0.5, 1, 0, 1, false",
    "0.3, 2, 3, 60, false",
    "0, 1, 0, 1000000, true",
    "1, 1, 3, 40, true",
    "0.5, 1.5, 0, 40, true"
  })
  void gradientsAreTheSlopesOfTheLoss(
      double beta, double temperature, double cap, long chunk, boolean texts) {
    AlignedDistillation loss =
        new AlignedDistillation(beta, temperature, ENTRIES, new Parts(0.7, 1.3, 0.4), texts);
    double scale = cap > 0 ? 0.5 : 1;
    try (Scope scope = Scope.open();
        Parameter head = parameter("head", weight, OWN, WIDTH);
        Parameter headBias = parameter("bias", bias, OWN)) {
      head.train();
      headBias.train();
      Result found = run(loss, hidden, new VocabularyHead(head, headBias, scale, cap), chunk);
      assertThat(found.sum(GROUPS.weights()))
          .isCloseTo(sum(loss, hidden, weight, bias, scale, cap), within(1e-5));
      float[] byHidden = found.hiddenGradient().toFloats();
      float[] byWeight = head.gradient().toFloats();
      float[] byBias = headBias.gradient().toFloats();
      for (int i = 0; i < hidden.length; i += 5) {
        int at = i;
        assertThat((double) byHidden[i])
            .as("hidden %s", i)
            .isCloseTo(slope(hidden, at, loss, scale, cap), within(2e-3));
      }
      for (int i = 0; i < weight.length; i += 4) {
        assertThat((double) byWeight[i])
            .as("weight %s", i)
            .isCloseTo(slope(weight, i, loss, scale, cap), within(2e-3));
      }
      for (int i = 0; i < bias.length; i++) {
        assertThat((double) byBias[i])
            .as("bias %s", i)
            .isCloseTo(slope(bias, i, loss, scale, cap), within(2e-3));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "0.5, 2"})
  void oneVocabularyAndOneTokenAGroupIsThePlainDivergence(double beta, double temperature) {
    long[] all = others(OWN);
    long[] none = {};
    int rows = TARGETS.length;
    float[] ones = new float[rows];
    int[] sizes = new int[rows];
    Arrays.fill(ones, 1);
    Arrays.fill(sizes, 1);
    try (Scope scope = Scope.open();
        Parameter head = parameter("head", weight, OWN, WIDTH);
        Parameter headBias = parameter("bias", bias, OWN)) {
      VocabularyHead own = new VocabularyHead(head, headBias, 1, 0);
      Live teacher = new Live(Tensor.of(teacherHidden, rows, WIDTH), own);
      Tensor[] targets = {Tensor.of(TARGETS, rows), Tensor.of(TARGETS, rows)};
      Result aligned =
          new AlignedDistillation(
                  beta, temperature, new Entries(all, all, none, none), new Parts(1, 0, 0), true)
              .forwardBackward(
                  Tensor.of(hidden, rows, WIDTH),
                  own,
                  targets,
                  teacher,
                  new TokenGroups(sizes, sizes, ones),
                  0.5);
      Result plain =
          new VocabularyDistillation(
                  beta, temperature, 0, false, VocabularyDistillation.Rest.NORMALIZED)
              .forwardBackward(Tensor.of(hidden, rows, WIDTH), own, teacher, ones, 0.5);
      assertThat(aligned.losses()).containsExactly(plain.losses(), within(1e-6f));
      assertThat(aligned.hiddenGradient().toFloats())
          .containsExactly(plain.hiddenGradient().toFloats(), within(1e-6f));
    }
  }

  private double slope(float[] values, int at, AlignedDistillation loss, double scale, double cap) {
    float before = values[at];
    float step = 2e-3f;
    values[at] = before + step;
    double above = sum(loss, hidden, weight, bias, scale, cap);
    values[at] = before - step;
    double below = sum(loss, hidden, weight, bias, scale, cap);
    values[at] = before;
    return (above - below) / (2 * step);
  }

  private double sum(
      AlignedDistillation loss,
      float[] states,
      float[] matrix,
      float[] offset,
      double scale,
      double cap) {
    try (Scope scope = Scope.open();
        Parameter head = parameter("head", matrix, OWN, WIDTH);
        Parameter headBias = parameter("bias", offset, OWN)) {
      return run(loss, states, new VocabularyHead(head, headBias, scale, cap), 1 << 20)
          .sum(GROUPS.weights());
    }
  }

  private Result run(AlignedDistillation loss, float[] states, VocabularyHead head, long chunk) {
    try (Scope scope = Scope.open();
        Parameter other = parameter("teacher", teacherWeight, OTHER, WIDTH)) {
      Result result =
          loss.run(
              Tensor.of(states, TARGETS.length, WIDTH),
              head,
              new Tensor[] {
                Tensor.of(TARGETS, TARGETS.length),
                Tensor.of(TEACHER_TARGETS, TEACHER_TARGETS.length)
              },
              new Live(
                  Tensor.of(teacherHidden, TEACHER_TARGETS.length, WIDTH),
                  new VocabularyHead(other, null, 1, 0)),
              GROUPS,
              chunk,
              1,
              true);
      scope.keep(result.hiddenGradient());
      return result;
    }
  }
}
