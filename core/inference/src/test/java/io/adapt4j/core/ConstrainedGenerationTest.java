package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers under a constraint, with the trained stories260K model. */
@Timeout(120)
class ConstrainedGenerationTest {

  private static final String LILY = "Once upon a time, there was a little girl named Lily.";
  private static final FixedTexts COLORS =
      FixedTexts.of(" {\"color\": \"red\"}", " {\"color\": \"blue\"}", " {\"colors\": []} größer");

  @AutoClose private static final LanguageModel model = TestModels.stories();

  private static GenerationOptions.Builder greedy(OutputConstraint constraint) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(60).constraint(constraint);
  }

  private static Generation answer(GenerationOptions options) {
    return model.generate(LILY, options, piece -> {});
  }

  @Test
  void theAnswerIsOneOfTheTextsAndEndsThere() {
    Generation answer = answer(greedy(COLORS).build());
    assertThat(COLORS.texts()).contains(answer.text());
    assertThat(answer.finishReason()).isEqualTo(FinishReason.EOS);
  }

  @Test
  void everyWayToChooseKeepsToIt() {
    List<GenerationOptions> choices = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      GenerationOptions.Builder sampled = GenerationOptions.builder().seed(seed).constraint(COLORS);
      choices.add(sampled.temperature(3).build());
      choices.add(sampled.minP(0.3).build());
      choices.add(sampled.minP(0).topK(2).build());
      choices.add(sampled.topK(0).topP(0.2).build());
      choices.add(sampled.topP(1).repetitionPenalty(100).build());
      choices.add(sampled.repetitionPenalty(0.01).build());
    }
    assertThat(choices)
        .allSatisfy(options -> assertThat(COLORS.texts()).contains(answer(options).text()));
  }

  @Test
  void sampledAnswersDiffer() {
    Set<String> texts = new HashSet<>();
    for (int seed = 0; seed < 40; seed++) {
      texts.add(
          answer(GenerationOptions.builder().temperature(3).seed(seed).constraint(COLORS).build())
              .text());
    }
    assertThat(texts).containsExactlyInAnyOrderElementsOf(COLORS.texts());
  }

  @Test
  void anAnswerThatCanGoOnEndsWhereTheModelEndsIt() {
    FixedTexts nested = FixedTexts.of(" Sh", " She was", " She was very happy");
    Generation answer = answer(greedy(nested).build());
    assertThat(nested.texts()).contains(answer.text());
    assertThat(answer.finishReason()).isEqualTo(FinishReason.EOS);
  }

  @Test
  void itIsStreamedAsItIs() {
    StringBuilder pieces = new StringBuilder();
    Generation answer = model.generate(LILY, greedy(COLORS).build(), pieces::append);
    assertThat(pieces).hasToString(answer.text());
  }

  @Test
  void theFirstWordOfATextLosesItsSpaceBeforeItIsCompared() {
    FixedTexts once = FixedTexts.of("Once upon", "Twice");
    Generation answer = model.generate("", greedy(once).build(), piece -> {});
    assertThat(once.texts()).contains(answer.text());
  }

  @Test
  void batchesAndThreadsGiveWhatARequestGetsAlone() throws Exception {
    List<String> prompts =
        List.of(LILY, LILY + " She", "One day, Tom", "The cat", "A dog", "Mom", "Tim", "Lily");
    GenerationOptions options =
        GenerationOptions.builder().temperature(0.8).seed(5).constraint(COLORS).build();
    List<String> alone =
        prompts.stream().map(prompt -> model.generate(prompt, options, t -> {}).text()).toList();
    ExecutorService threads = Executors.newFixedThreadPool(prompts.size());
    try {
      List<Future<String>> together = new ArrayList<>();
      for (String prompt : prompts) {
        together.add(threads.submit(() -> model.generate(prompt, options, t -> {}).text()));
      }
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(together.get(i).get()).as(prompts.get(i)).isEqualTo(alone.get(i));
      }
    } finally {
      threads.shutdownNow();
    }
    GenerationOptions likeliest = greedy(COLORS).build();
    assertThat(model.generateAll(prompts, likeliest))
        .extracting(Generation::tokenIds)
        .containsExactlyElementsOf(
            prompts.stream()
                .map(prompt -> model.generate(prompt, likeliest, t -> {}).tokenIds())
                .toList());
  }

  @Test
  void guessesChangeNothing() {
    String prompt = LILY + " {\"color\": \"red\"} She said: {\"color\": \"blue\"} She said:";
    for (int seed = 0; seed < 5; seed++) {
      GenerationOptions plain =
          GenerationOptions.builder().temperature(1).seed(seed).constraint(COLORS).build();
      GenerationOptions guessing = plain.toBuilder().promptLookupTokens(8).build();
      assertThat(model.generate(prompt, guessing, t -> {}))
          .isEqualTo(model.generate(prompt, plain, t -> {}));
    }
  }

  @Test
  void stopStringsCutIt() {
    Generation answer = answer(greedy(COLORS).stopStrings("\":").build());
    assertThat(answer.text()).isIn(" {\"color", " {\"colors");
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP_STRING);
  }

  @Test
  void stopIdsEndOnlyWhatIsComplete() {
    // The first x can still be spelled by the token of its byte.
    List<Integer> ids = List.of(model.tokenizer().id("x").orElseThrow());
    FixedTexts texts = FixedTexts.of(" box of wax", " box of wax and");
    Generation answer = answer(greedy(texts).ignoreEos(true).stopIds(ids).build());
    assertThat(answer.text()).startsWith(" box of wax");
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP_ID);
  }

  @Test
  void itEndsWithoutATokenWhereThereIsNone() {
    Generation answer = answer(greedy(COLORS).ignoreEos(true).build());
    assertThat(COLORS.texts()).contains(answer.text());
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void aLimitCutsIt() {
    Generation answer = answer(greedy(COLORS).maxNewTokens(4).build());
    assertThat(answer.tokenIds()).hasSize(4);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void whereNothingCanFollowTheRequestFailsAndNoOther() {
    OutputConstraint impossible = new FixedTexts(List.of());
    assertThatIllegalStateException()
        .isThrownBy(() -> answer(greedy(impossible).build()))
        .withMessageContaining("No token of the vocabulary can continue the answer");
    assertThat(answer(greedy(COLORS).build()).finishReason()).isEqualTo(FinishReason.EOS);
  }
}
