package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Bias, penalties on frequency and presence, and log probabilities, as OpenAI defines them. */
class PenaltiesTest {

  private static final int[] PROMPT_OF_ZEROS = {0, 0, 0};

  private static GenerationOptions.Builder greedy() {
    return GenerationOptions.greedy().toBuilder();
  }

  private static int[] chosen(GenerationOptions options, int number, float... logits) {
    Sampler sampler = new Sampler(options, 0, PROMPT_OF_ZEROS);
    return IntStream.range(0, number).map(i -> sampler.next(logits)).toArray();
  }

  @Test
  void aFrequencyPenaltyCountsEveryUseInTheNewTextAndNoneInThePrompt() {
    GenerationOptions options = greedy().frequencyPenalty(1).build();
    // 3, 2, 1, 0 against 1.5 and 0.5: the second is better once the first was chosen twice.
    assertThat(chosen(options, 5, 3, 1.5f, -9)).containsExactly(0, 0, 1, 0, 1);
  }

  @Test
  void aPresencePenaltyCountsOnceHoweverOftenATokenWasUsed() {
    GenerationOptions options = greedy().presencePenalty(1).build();
    assertThat(chosen(options, 4, 3, 2.5f, -9)).containsExactly(0, 1, 0, 0);
    assertThat(chosen(options, 4, 3, 1.5f, -9)).containsExactly(0, 0, 0, 0);
  }

  @Test
  void aNegativePenaltyEncouragesRepetition() {
    GenerationOptions options =
        GenerationOptions.builder().presencePenalty(-100).temperature(1).seed(3).build();
    assertThat(chosen(options, 50, 0, 0, 0, 0)).containsOnly(chosen(options, 1, 0, 0, 0, 0)[0]);
  }

  @Test
  void aBiasIsAddedBeforeTheChoice() {
    assertThat(chosen(greedy().logitBias(Map.of(0, -1.0)).build(), 1, 3, 2.5f)).containsExactly(1);
    assertThat(chosen(greedy().logitBias(Map.of(0, -0.4)).build(), 1, 3, 2.5f)).containsExactly(0);
    GenerationOptions only = GenerationOptions.builder().logitBias(Map.of(2, 100.0)).build();
    assertThat(chosen(only, 50, 3, 2.5f, -4)).containsOnly(2);
  }

  @Test
  void theLikeliestTokenIsTakenUnseenOnlyWhereNothingElseIsAsked() {
    assertThat(Sampler.takesLikeliest(greedy().build())).isTrue();
    assertThat(Sampler.takesLikeliest(GenerationOptions.defaults())).isFalse();
    assertThat(Sampler.takesLikeliest(greedy().repetitionPenalty(2).build())).isFalse();
    assertThat(Sampler.takesLikeliest(greedy().frequencyPenalty(1).build())).isFalse();
    assertThat(Sampler.takesLikeliest(greedy().presencePenalty(1).build())).isFalse();
    assertThat(Sampler.takesLikeliest(greedy().logitBias(Map.of(1, 1.0)).build())).isFalse();
    assertThat(Sampler.takesLikeliest(greedy().logprobs(0).build())).isFalse();
  }

  @Test
  void logProbabilitiesAreTheModelsOwnWhateverIsDoneToTheLogits() {
    GenerationOptions options =
        GenerationOptions.builder()
            .logitBias(Map.of(2, 100.0))
            .frequencyPenalty(2)
            .repetitionPenalty(3)
            .temperature(0.1)
            .topK(1)
            .logprobs(2)
            .build();
    Sampler sampler = new Sampler(options, 0, PROMPT_OF_ZEROS);
    float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
    for (int i = 0; i < 3; i++) {
      assertThat(sampler.next(logits)).isEqualTo(2);
      TokenLogprobs found = sampler.logprobs().orElseThrow();
      assertThat(found.tokenId()).isEqualTo(2);
      assertThat(found.logprob()).isCloseTo(Math.log(0.2), within(1e-6));
      assertThat(found.top()).extracting(TokenLogprobs.Alternative::tokenId).containsExactly(0, 1);
      assertThat(found.top().get(0).logprob()).isCloseTo(Math.log(0.5), within(1e-6));
    }
    assertThat(new Sampler(greedy().build(), 0, PROMPT_OF_ZEROS).logprobs()).isEmpty();
  }

  @Property
  void alternativesAreThoseOfASortOfAllTokens(
      @ForAll @Size(min = 1, max = 40) List<@IntRange(min = -8, max = 8) Integer> values,
      @ForAll @IntRange(max = 50) int number) {
    // Whole numbers, so that some are equal.
    float[] logits = new float[values.size() + 2];
    double sum = 0;
    for (int i = 0; i < values.size(); i++) {
      logits[i + 1] = values.get(i);
      sum += Math.exp(values.get(i));
    }
    TokenLogprobs found = TokenProbabilities.of(logits, 1, values.size() + 1, 0, number);
    assertThat(Math.exp(found.logprob())).isCloseTo(Math.exp(logits[1]) / sum, within(1e-12));
    int[] expected =
        IntStream.range(0, values.size())
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b + 1], logits[a + 1]))
            .limit(number)
            .mapToInt(Integer::intValue)
            .toArray();
    assertThat(found.top().stream().mapToInt(TokenLogprobs.Alternative::tokenId).toArray())
        .containsExactly(expected);
  }
}
