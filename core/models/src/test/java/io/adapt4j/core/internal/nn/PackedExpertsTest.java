package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents packed into a row, in models with experts and attention sinks. */
class PackedExpertsTest {

  private static final int FIRST = 13;
  private static final int SECOND = 9;

  @ParameterizedTest
  @ValueSource(strings = {"gpt_oss", "granitemoeshared", "glm4_moe"})
  void gradientsAreThoseOfTheDocumentsAlone(String name) {
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      int length = FIRST + SECOND;
      long[] ids = Arrays.copyOf(folder.longs("input_ids"), length);
      Map<String, double[]> packed = new LinkedHashMap<>();
      double together = add(folder, packed, inputs(ids, length, new int[][] {{FIRST, SECOND}}));
      Map<String, double[]> alone = new LinkedHashMap<>();
      double apart =
          add(folder, alone, inputs(Arrays.copyOf(ids, FIRST), FIRST, new int[0][]))
              + add(
                  folder,
                  alone,
                  inputs(Arrays.copyOfRange(ids, FIRST, length), SECOND, new int[0][]));
      assertThat(together).isCloseTo(apart, within(1e-4));
      assertThat(packed.keySet()).isEqualTo(alone.keySet());
      alone.forEach(
          (tensor, wanted) ->
              assertThat(packed.get(tensor)).as(tensor).containsExactly(wanted, within(2e-4)));
    }
  }

  private static Batch inputs(long[] ids, int length, int[][] documents) {
    long[] mask = new long[length];
    Arrays.fill(mask, 1);
    long[] labels = ids.clone();
    if (documents.length > 0) {
      // The first token of a document is no target of the one before.
      labels[FIRST] = TargetRows.IGNORED;
    }
    return new Batch(ids, mask, labels, 1, length, documents, new float[0]);
  }

  private static double add(FamilyFolder folder, Map<String, double[]> sums, Batch inputs) {
    try (Decoder decoder = (Decoder) folder.load()) {
      decoder.parameters().forEach(Parameter::train);
      double loss = LanguageModelLoss.forwardBackward(decoder, inputs, 1, false, 1);
      for (Parameter parameter : decoder.parameters()) {
        for (Trainable trainable : parameter.trained()) {
          float[] gradient = trainable.gradient().toFloats();
          double[] sum =
              sums.computeIfAbsent(trainable.name(), tensor -> new double[gradient.length]);
          for (int i = 0; i < sum.length; i++) {
            sum[i] += gradient[i];
          }
        }
      }
      return loss;
    }
  }
}
