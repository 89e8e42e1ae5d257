package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.GenerationOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int[] NO_PROMPT = {};
  private static final float MASKED = Float.NEGATIVE_INFINITY;

  @Nested
  class Greedy {
    @Test
    void takesTheLargestLogit() {
      assertThat(sampler(GenerationOptions.greedy()).next(new float[] {1, 3, 2})).isEqualTo(1);
    }

    @Test
    void takesTheLowestIdInATie() {
      assertThat(sampler(GenerationOptions.greedy()).next(new float[] {1, 3, 3})).isEqualTo(1);
    }

    @Test
    void readsOneRowOfABatch() {
      float[] twoRows = {9, 0, 0, 0, 5, 1};
      assertThat(sampler(GenerationOptions.greedy()).next(twoRows, 3, 6)).isEqualTo(1);
    }

    @Test
    void leavesTheLogitsUnchanged() {
      float[] logits = {1, 3, 2};
      new Sampler(options().temperature(0).repetitionPenalty(2).build(), 0, new int[] {1})
          .next(logits);
      assertThat(logits).containsExactly(1, 3, 2);
    }
  }

  @Nested
  class RepetitionPenalty {
    private final GenerationOptions penalty2 =
        options().temperature(0).repetitionPenalty(2).build();

    @Test
    void dividesThePositiveLogitsOfPromptTokens() {
      assertThat(new Sampler(penalty2, 0, new int[] {0}).next(new float[] {3, 1.6f})).isEqualTo(1);
      assertThat(new Sampler(penalty2, 0, new int[] {0}).next(new float[] {3, 1.4f})).isEqualTo(0);
    }

    @Test
    void multipliesTheNegativeLogits() {
      assertThat(new Sampler(penalty2, 0, new int[] {0}).next(new float[] {-1, -1.9f}))
          .isEqualTo(1);
      assertThat(new Sampler(penalty2, 0, new int[] {0}).next(new float[] {-1, -2.1f}))
          .isEqualTo(0);
    }

    @Test
    void countsATokenOnceHoweverOftenItOccurs() {
      assertThat(new Sampler(penalty2, 0, new int[] {0, 0, 0}).next(new float[] {3, 1.4f}))
          .isEqualTo(0);
    }

    @Test
    void coversTheGeneratedTokens() {
      Sampler sampler = sampler(penalty2);
      float[] logits = {3, 2.5f, 2};
      assertThat(new int[] {sampler.next(logits), sampler.next(logits), sampler.next(logits)})
          .containsExactly(0, 1, 2);
    }

    @Test
    void coversAForcedToken() {
      Sampler sampler = sampler(penalty2);
      sampler.take(0);
      assertThat(sampler.next(new float[] {3, 2.5f, 2})).isEqualTo(1);
    }

    @Test
    void coversPromptsOfManyTokens() {
      int[] prompt = IntStream.range(0, 200).toArray();
      float[] logits = new float[201];
      Arrays.fill(logits, 3);
      logits[200] = 1.6f;
      assertThat(new Sampler(penalty2, 0, prompt).next(logits)).isEqualTo(200);
    }

    @Test
    void leavesOutIdsBeyondTheLogits() {
      assertThat(new Sampler(penalty2, 0, new int[] {2, 3}).next(new float[] {3, 2})).isEqualTo(0);
    }
  }

  @Nested
  class Bias {
    @Test
    void isAddedToTheLogit() {
      GenerationOptions options = options().temperature(0).logitBias(Map.of(1, 2.0)).build();
      assertThat(sampler(options).next(new float[] {3, 1.5f, 0})).isEqualTo(1);
      assertThat(sampler(options).next(new float[] {3, 0.5f, 0})).isEqualTo(0);
    }

    @Test
    void ofAnIdBeyondTheLogitsIsIgnored() {
      GenerationOptions options = options().temperature(0).logitBias(Map.of(2, 9.0)).build();
      assertThat(sampler(options).next(new float[] {3, 2})).isEqualTo(0);
    }
  }

  @Nested
  class Probabilities {
    private final float[] logits = logits(0.1, 0.4, 0.2, 0.3);

    @Test
    void areThoseOfTheLogits() {
      assertThat(sampler(options().build()).probabilities(logits))
          .containsExactly(new double[] {0.1, 0.4, 0.2, 0.3}, within(1e-6));
    }

    @Test
    void ofFilteredTokensAreZeroAndTheRestSumToOne() {
      assertThat(sampler(options().topK(2).build()).probabilities(logits))
          .containsExactly(new double[] {0, 4 / 7.0, 0, 3 / 7.0}, within(1e-6));
      assertThat(sampler(options().temperature(0.5).topP(0.6).build()).probabilities(logits))
          .containsExactly(new double[] {0, 0.64, 0, 0.36}, within(1e-6));
    }
  }

  @Nested
  class Filters {
    /** Logits of the probabilities 0.1, 0.4, 0.2, 0.3. */
    private final float[] logits = logits(0.1, 0.4, 0.2, 0.3);

    @Test
    void topKKeepsTheMostProbable() {
      assertThat(kept(options().topK(2), logits)).containsExactly(1, 3);
    }

    @Test
    void topKKeepsTiesWithTheLastOne() {
      assertThat(kept(options().topK(2), new float[] {1, 5, 1, 1})).containsExactly(0, 1, 2, 3);
    }

    @Test
    void topKAboveTheVocabularyKeepsAll() {
      assertThat(kept(options().topK(9), logits)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void topPKeepsTheSmallestSetThatHoldsTheMass() {
      assertThat(kept(options().topP(0.35), logits)).containsExactly(1);
      assertThat(kept(options().topP(0.65), logits)).containsExactly(1, 3);
      assertThat(kept(options().topP(0.75), logits)).containsExactly(1, 2, 3);
      assertThat(kept(options().topP(0.95), logits)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void topPKeepsAtLeastOne() {
      assertThat(kept(options().topP(0), logits)).containsExactly(1);
    }

    @Test
    void topKFindsTheLargestInAnyOrder() {
      float[] shuffled = {4, 9, 1, 7, 0, 8, 2, 6, 3, 5};
      for (int k = 1; k < shuffled.length; k++) {
        int smallest = shuffled.length - k;
        int[] expected =
            IntStream.range(0, shuffled.length).filter(i -> shuffled[i] >= smallest).toArray();
        assertThat(kept(options().topK(k), shuffled)).as("%d", k).isEqualTo(expected);
      }
    }

    @Test
    void topPDropsManySmallProbabilitiesTogether() {
      // 100 tokens of 0.0005 each: all of them may go for 0.06, 79 for 0.0398.
      double[] probabilities = new double[102];
      Arrays.fill(probabilities, 0.0005);
      probabilities[100] = 0.5;
      probabilities[101] = 0.45;
      assertThat(kept(options().topP(0.94), logits(probabilities))).containsExactly(100, 101);
      assertThat(kept(options().topP(0.9602), logits(probabilities))).hasSize(23);
    }

    @Test
    void topPOfEqualTokensDropsTheLowerIdsFirst() {
      assertThat(kept(options().topP(0.45), new float[] {0, 0, 0, 0})).containsExactly(2, 3);
    }

    @Test
    void minPDropsWhatIsFarBelowTheMostProbable() {
      assertThat(kept(options().minP(0.6), logits)).containsExactly(1, 3);
      assertThat(kept(options().minP(0.2), logits)).containsExactly(0, 1, 2, 3);
      assertThat(kept(options().minP(1), logits)).containsExactly(1);
    }

    @Test
    void topPCountsTheMassThatTopKLeaves() {
      // Of 0.4 and 0.3 the first holds 0.571 of the mass.
      assertThat(kept(options().topK(2).topP(0.55), logits)).containsExactly(1);
      assertThat(kept(options().topK(2).topP(0.6), logits)).containsExactly(1, 3);
    }

    @Test
    void temperatureComesBeforeTopP() {
      // Squared and normalized: 0.033, 0.533, 0.133, 0.3.
      assertThat(kept(options().temperature(0.5).topP(0.5), logits)).containsExactly(1);
      assertThat(kept(options().topP(0.5), logits)).containsExactly(1, 3);
    }

    @Test
    void maskedTokensAreNeverCandidates() {
      float[] masked = {MASKED, 1, MASKED, 0};
      assertThat(kept(options(), masked)).containsExactly(1, 3);
      assertThat(kept(options().topK(3), masked)).containsExactly(1, 3);
      assertThat(kept(options().topP(0.99), masked)).containsExactly(1, 3);
    }
  }

  @Nested
  class Draws {
    @Test
    void followTheProbabilities() {
      double[] expected = {0.1, 0.4, 0.2, 0.3};
      double[] shares = shares(options().seed(1).build(), logits(expected), 40_000);
      // Four standard deviations of a share of 40,000 draws are at most 0.01.
      assertThat(shares).containsExactly(expected, within(0.01));
    }

    @Test
    void followTheTemperedAndFilteredProbabilities() {
      double[] shares =
          shares(
              options().seed(2).temperature(0.5).topK(3).build(),
              logits(0.1, 0.4, 0.2, 0.3),
              40_000);
      assertThat(shares)
          .containsExactly(new double[] {0, 16 / 29.0, 4 / 29.0, 9 / 29.0}, within(0.01));
    }

    @Test
    void repeatWithTheSameSeed() {
      GenerationOptions options = options().seed(7).build();
      assertThat(draws(options, 0, 100)).isEqualTo(draws(options, 0, 100));
    }

    @Test
    void differWithAnotherSeedOrRow() {
      GenerationOptions options = options().seed(7).build();
      int[] first = draws(options, 0, 100);
      assertThat(draws(options.toBuilder().seed(8).build(), 0, 100)).isNotEqualTo(first);
      assertThat(draws(options, 1, 100)).isNotEqualTo(first);
    }

    @Test
    void ofTwoRowsAreIndependent() {
      GenerationOptions options = options().seed(7).build();
      int[] first = draws(options, 0, 20_000);
      int[] second = draws(options, 1, 20_000);
      long equal = IntStream.range(0, first.length).filter(i -> first[i] == second[i]).count();
      assertThat(equal / 20_000.0).isCloseTo(1 / 50.0, within(0.005));
    }

    @Test
    void surviveTemperaturesThatOverflowAPlainDivision() {
      GenerationOptions options = options().temperature(1e-300).build();
      assertThat(sampler(options).next(new float[] {-5, 80, 79})).isEqualTo(1);
    }

    private int[] draws(GenerationOptions options, int row, int number) {
      Sampler sampler = new Sampler(options, row, NO_PROMPT);
      float[] uniform = new float[50];
      return IntStream.range(0, number).map(i -> sampler.next(uniform)).toArray();
    }

    private double[] shares(GenerationOptions options, float[] logits, int number) {
      Sampler sampler = sampler(options);
      double[] shares = new double[logits.length];
      for (int i = 0; i < number; i++) {
        shares[sampler.next(logits)] += 1.0 / number;
      }
      return shares;
    }
  }

  @Nested
  class UnusableLogits {
    @Test
    void nameTheTokenThatIsNan() {
      assertThatThrownBy(
              () -> sampler(GenerationOptions.greedy()).next(new float[] {1, Float.NaN, 2}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the logit of token id 1 is NaN");
    }

    @Test
    void nameTheTokenThatIsInfinite() {
      assertThatThrownBy(
              () ->
                  sampler(GenerationOptions.defaults())
                      .next(new float[] {1, 0, Float.POSITIVE_INFINITY}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the logit of token id 2 is infinite");
    }

    @Test
    void areRefusedIfAllAreMasked() {
      assertThatThrownBy(
              () -> sampler(GenerationOptions.defaults()).next(new float[] {MASKED, MASKED}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("none of the 2 logits is finite");
    }
  }

  @Property(tries = 300)
  void topK1IsGreedy(@ForAll("distinctLogits") float[] logits, @ForAll long seed) {
    assertThat(sampler(options().topK(1).seed(seed).build()).next(logits))
        .isEqualTo(sampler(GenerationOptions.greedy()).next(logits));
  }

  @Property(tries = 300)
  void neutralFiltersChangeNoDraw(@ForAll("distinctLogits") float[] logits, @ForAll long seed) {
    GenerationOptions neutral =
        options().topK(0).topP(1).minP(0).repetitionPenalty(1).seed(seed).build();
    assertThat(sampler(neutral).next(logits))
        .isEqualTo(sampler(options().seed(seed).build()).next(logits));
  }

  @Property(tries = 300)
  void permutingTheVocabularyPermutesTheCandidates(
      @ForAll("distinctLogits") float[] logits,
      @ForAll @IntRange(min = 0, max = 20) int topK,
      @ForAll @DoubleRange(min = 0, max = 1) double topP,
      @ForAll @DoubleRange(min = 0, max = 1) double minP) {
    GenerationOptions.Builder options = options().topK(topK).topP(topP).minP(minP);
    int n = logits.length;
    float[] reversed = new float[n];
    for (int i = 0; i < n; i++) {
      reversed[i] = logits[n - 1 - i];
    }
    int[] mapped = IntStream.of(kept(options, reversed)).map(id -> n - 1 - id).sorted().toArray();
    assertThat(mapped).isEqualTo(kept(options, logits));
  }

  @Property(tries = 300)
  void topPKeepsTheMassAndNotOneTokenMore(
      @ForAll("distinctLogits") float[] logits,
      @ForAll @DoubleRange(min = 0.01, max = 0.99) double topP) {
    double total = IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i])).sum();
    int[] kept = kept(options().topP(topP), logits);
    double mass = IntStream.of(kept).mapToDouble(i -> Math.exp(logits[i]) / total).sum();
    double least = IntStream.of(kept).mapToDouble(i -> Math.exp(logits[i]) / total).min().orElse(0);
    assertThat(mass).isGreaterThanOrEqualTo(topP - 1e-6);
    assertThat(mass - least).isLessThan(topP + 1e-6);
  }

  @Test
  void aVocabularyOf150ThousandIsSampledInMilliseconds() {
    Random random = new Random(3);
    float[] logits = new float[150_000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    Sampler sampler = sampler(options().topK(50).topP(0.9).minP(0.01).build());
    for (int i = 0; i < 20; i++) {
      sampler.next(logits);
    }
    long start = System.nanoTime();
    for (int i = 0; i < 50; i++) {
      sampler.next(logits);
    }
    // About 0.3 ms a token on an idle core; the bound only catches a change of order.
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
  }

  @Provide
  Arbitrary<float[]> distinctLogits() {
    return Arbitraries.floats()
        .between(-8, 8)
        .list()
        .ofMinSize(1)
        .ofMaxSize(30)
        .uniqueElements()
        // Closer logits would tie after rounding.
        .filter(
            list ->
                list.stream()
                    .noneMatch(
                        a -> list.stream().anyMatch(b -> !a.equals(b) && Math.abs(a - b) < 1e-3f)))
        .map(
            list -> {
              float[] logits = new float[list.size()];
              for (int i = 0; i < logits.length; i++) {
                logits[i] = list.get(i);
              }
              return logits;
            });
  }

  private static GenerationOptions.Builder options() {
    return GenerationOptions.builder();
  }

  private static Sampler sampler(GenerationOptions options) {
    return new Sampler(options, 0, NO_PROMPT);
  }

  private static int[] kept(GenerationOptions.Builder options, float[] logits) {
    return sampler(options.build()).candidates(logits);
  }

  private static float[] logits(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }
}
