package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationListener;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.score.TokenSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Log probabilities of generated tokens with the trained stories260K model. */
class TokenLogprobsTest {

  private static final String LILY = "Once upon a time, there was a little girl named Lily.";

  @AutoClose private static final LanguageModel model = TestModels.stories();

  private static GenerationOptions.Builder asking() {
    return GenerationOptions.builder().maxNewTokens(30).temperature(0.7).seed(5).logprobs(3);
  }

  private static int[] ids(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void theyAreTheScoresOfWhatWasGenerated() {
    Generation found = model.generate(LILY, asking().frequencyPenalty(0.5).build(), piece -> {});
    List<Double> scores =
        model
            .scoreIds(
                List.of(new TokenSpan(model.tokenizer().encodePrompt(LILY), ids(found.tokenIds()))))
            .get(0)
            .logProbabilities();
    assertThat(found.logprobs())
        .extracting(TokenLogprobs::tokenId)
        .containsExactlyElementsOf(found.tokenIds());
    for (int i = 0; i < scores.size(); i++) {
      TokenLogprobs token = found.logprobs().get(i);
      assertThat(token.logprob()).isCloseTo(scores.get(i), within(1e-4));
      assertThat(token.top())
          .hasSize(3)
          .isSortedAccordingTo((a, b) -> Double.compare(b.logprob(), a.logprob()));
      token.top().stream()
          .filter(alternative -> alternative.tokenId() == token.tokenId())
          .forEach(same -> assertThat(same.logprob()).isEqualTo(token.logprob()));
    }
  }

  @Test
  void askingForThemChangesNoTokenAndNotAskingGivesNone() {
    GenerationOptions silent =
        GenerationOptions.builder().maxNewTokens(30).temperature(0.7).seed(5).build();
    Generation without = model.generate(LILY, silent, piece -> {});
    assertThat(without.logprobs()).isEmpty();
    assertThat(model.generate(LILY, asking().build(), piece -> {}).tokenIds())
        .isEqualTo(without.tokenIds());
    GenerationOptions greedy = GenerationOptions.greedy().toBuilder().maxNewTokens(30).build();
    Generation likeliest =
        model.generate(LILY, greedy.toBuilder().logprobs(1).build(), piece -> {});
    assertThat(likeliest.text()).isEqualTo(model.generate(LILY, greedy));
    assertThat(likeliest.logprobs())
        .allSatisfy(token -> assertThat(token.top().get(0).tokenId()).isEqualTo(token.tokenId()));
  }

  @Test
  void aListenerIsToldOfEachTokenBeforeItsText() {
    List<TokenLogprobs> tokens = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    Generation found =
        model.generate(
            LILY,
            asking().build(),
            new GenerationListener() {
              @Override
              public void token(TokenLogprobs token) {
                tokens.add(token);
              }

              @Override
              public void accept(String piece) {
                text.append(piece);
                int[] known = IntStream.of(ids(found(tokens))).toArray();
                assertThat(model.tokenizer().decode(known, true).strip())
                    .startsWith(text.toString().strip());
              }
            },
            new CancellationToken());
    assertThat(tokens).isEqualTo(found.logprobs());
    assertThat(text).hasToString(found.text());
  }

  private static List<Integer> found(List<TokenLogprobs> tokens) {
    return tokens.stream().map(TokenLogprobs::tokenId).toList();
  }

  @Test
  void theRowsOfOneCallAreToldToo() {
    GenerationOptions greedy =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).logprobs(2).build();
    List<String> prompts = List.of(LILY, "A dog", "The sun was hot and");
    List<Generation> together = model.generateAll(prompts, greedy);
    for (int i = 0; i < prompts.size(); i++) {
      Generation alone = model.generate(prompts.get(i), greedy, piece -> {});
      assertThat(together.get(i).tokenIds()).isEqualTo(alone.tokenIds());
      for (int t = 0; t < alone.logprobs().size(); t++) {
        TokenLogprobs expected = alone.logprobs().get(t);
        TokenLogprobs token = together.get(i).logprobs().get(t);
        assertThat(token.tokenId()).isEqualTo(expected.tokenId());
        assertThat(token.logprob()).isCloseTo(expected.logprob(), within(1e-4));
      }
    }
  }

  @Test
  void theyAreEqualToTheBitAloneAndAmongOthers() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (LanguageModel fresh = TestModels.stories()) {
      // What is read of a prompt, and so how it rounds, is not to depend on earlier ones.
      fresh.limitPromptCache(0);
      List<GenerationOptions> all =
          IntStream.range(0, 6).mapToObj(i -> asking().seed(i).logprobs(i).build()).toList();
      List<Generation> alone = all.stream().map(o -> fresh.generate(LILY, o, t -> {})).toList();
      List<Future<Generation>> together =
          all.stream().map(o -> threads.submit(() -> fresh.generate(LILY, o, t -> {}))).toList();
      for (int i = 0; i < all.size(); i++) {
        assertThat(together.get(i).get().logprobs()).isEqualTo(alone.get(i).logprobs());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aBiasOfAnUnknownTokenIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.generate(LILY, asking().logitBias(Map.of(100_000, 1.0)).build()))
        .withMessageContaining("logitBias has the token id 100000");
  }
}
