package io.adapt4j.core.internal.task.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.data.TrainingSample;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses of batches, whose pairs meet in the terms. Answers are of one token each here. */
class PairScoresTest {

  private static final int PAIRS = 4;

  @ParameterizedTest
  @CsvSource({"aot, AOT", "aot_pair, AOT_PAIR", "sigmoid_beta0.1, SIGMOID"})
  void aBatchHasTheLossOfTrl(String name, Dpo.Form form) throws IOException {
    JsonNode golden = PreferenceLossTest.expected().at("/dpo/losses").get(name);
    Dpo loss =
        new Dpo(golden.get("beta").asDouble(), form, golden.path("label_smoothing").asDouble(0));
    PairScores scores = scores(PairLoss.of(loss), ones(), golden("ref"));
    scores.forwardBackward(golden("policy"));
    assertThat(scores.sum() / PAIRS).isCloseTo(golden.get("mean").asDouble(), within(1e-4));
  }

  private static float[] golden(String model) {
    float[] both = Arrays.copyOf(PreferenceLossTest.floats(model + "_chosen_logps"), 2 * PAIRS);
    float[] rejected = PreferenceLossTest.floats(model + "_rejected_logps");
    System.arraycopy(rejected, 0, both, PAIRS, PAIRS);
    return both;
  }

  @Property(tries = 200)
  void derivativesAreThoseOfTheBatch(
      @ForAll("ranked") Dpo.Form form,
      @ForAll @Size(2 * PAIRS) List<@IntRange(min = -9, max = -1) Integer> reference,
      @ForAll @Size(2 * PAIRS) List<@IntRange(min = -9, max = -1) Integer> policy) {
    float[] base = new float[2 * PAIRS];
    float[] apart = new float[2 * PAIRS];
    for (int i = 0; i < apart.length; i++) {
      base[i] = reference.get(i);
      // So far apart that a step changes no rank.
      apart[i] = policy.get(i) - 0.037f * i * i;
    }
    float[] weights = {1, 2, 0.5f, 1};
    PairScores scores = scores(PairLoss.of(new Dpo(0.3, form, 0)), weights, base);
    float[] found = scores.forwardBackward(apart);
    double step = 1.0 / 256;
    for (int i = 0; i < apart.length; i++) {
      double numeric = (at(scores, apart, i, step) - at(scores, apart, i, -step)) / (2 * step);
      assertThat((double) found[i]).isCloseTo(numeric, within(1e-3 * (1 + Math.abs(numeric))));
    }
  }

  @Provide
  Arbitrary<Dpo.Form> ranked() {
    return Arbitraries.of(Dpo.Form.SIGMOID, Dpo.Form.AOT, Dpo.Form.AOT_PAIR);
  }

  private static double at(PairScores scores, float[] logProbs, int index, double step) {
    float[] moved = logProbs.clone();
    moved[index] += (float) step;
    scores.forwardBackward(moved);
    return scores.sum();
  }

  @ParameterizedTest
  @CsvSource({"AOT", "AOT_PAIR"})
  void ranksDoNotDependOnWhichAnswersAreOfOnePair(Dpo.Form form) {
    float[] reference = {-3, -4, -5, -6, -3, -4, -5, -6};
    float[] policy = {-2, -7, -1, -5, -6, -2, -4, -9};
    float[] turned = policy.clone();
    if (form == Dpo.Form.AOT_PAIR) {
      // Another rejected answer, with its reference, is paired with each chosen one.
      System.arraycopy(new float[] {-2, -4, -9, -6}, 0, turned, PAIRS, PAIRS);
      float[] other = {-3, -4, -5, -6, -4, -5, -6, -3};
      assertThat(sum(form, turned, other)).isCloseTo(sum(form, policy, reference), within(1e-6));
    } else {
      // The reference's differences belong to other pairs.
      float[] other = {-4, -3, -6, -5, -4, -3, -6, -5};
      assertThat(sum(form, policy, other)).isCloseTo(sum(form, policy, reference), within(1e-6));
    }
  }

  private static double sum(Dpo.Form form, float[] policy, float[] reference) {
    PairScores scores = scores(PairLoss.of(new Dpo(0.5, form, 0.1)), ones(), reference);
    scores.forwardBackward(policy);
    return scores.sum();
  }

  @Test
  void aTermOfRanksHasTheMeanWeightOfItsPairs() {
    float[] none = new float[2 * PAIRS];
    PairScores scores =
        scores(PairLoss.of(new Dpo(1, Dpo.Form.AOT_PAIR, 0)), new float[] {1, 2, 3, 4}, none);
    // The lowest chosen answer is of the first pair, the lowest rejected one of the last.
    float[] derivative = scores.forwardBackward(new float[] {-4, -3, -2, -1, -1, -2, -3, -4});
    assertThat(scores.sum()).isCloseTo(10 * Math.log(2), within(1e-6));
    assertThat(derivative).containsExactly(repeated(-1.25f, 1.25f), within(1e-6f));
  }

  private static float[] repeated(float chosen, float rejected) {
    float[] all = new float[2 * PAIRS];
    Arrays.fill(all, 0, PAIRS, chosen);
    Arrays.fill(all, PAIRS, 2 * PAIRS, rejected);
    return all;
  }

  private static float[] ones() {
    return Arrays.copyOf(repeated(1, 1), PAIRS);
  }

  private static PairScores scores(PairLoss loss, float[] weights, float[] reference) {
    TrainingSample answer =
        new TrainingSample(new int[] {1, 5}, new int[] {TrainingSample.IGNORED, 5});
    PreferenceBatch batch =
        PreferenceBatch.of(
            Collections.nCopies(PAIRS, new PreferenceSample(answer, answer)),
            IntStream.range(0, PAIRS).toArray(),
            weights,
            0);
    return new PairScores(loss, batch, reference);
  }
}
