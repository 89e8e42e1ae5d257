package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Log-probabilities of given continuations with the trained stories260K model. */
class ScoringTest {

  private static final String LILY = "Once upon a time, there was a little girl named Lily.";

  @Test
  void lossesOfHeldOutStoriesAreThoseOfTheReference() throws IOException {
    JsonNode expected =
        Json.parse(Files.readString(Golden.data("stories260K").resolve("expected.json")))
            .get("heldout")
            .get("first_stories");
    List<String> lines =
        Files.readAllLines(Golden.data("tinystories").resolve("heldout_200.jsonl"))
            .subList(0, expected.size());
    try (LanguageModel model = TestModels.stories()) {
      List<TokenSpan> stories = new ArrayList<>();
      for (String line : lines) {
        int[] ids = model.tokenizer().encode(Json.parse(line).get("text").asText(), true);
        int end = Math.min(ids.length, model.contextLength());
        stories.add(new TokenSpan(new int[] {ids[0]}, Arrays.copyOfRange(ids, 1, end)));
      }
      List<TokenScores> scores = model.scoreIds(stories);
      for (int i = 0; i < lines.size(); i++) {
        TokenScores item = scores.get(i);
        assertThat(-item.sum() / item.tokenIds().size())
            .as("story %d", i)
            .isCloseTo(expected.get(i).get("loss").asDouble(), within(1e-5));
        assertThat(item.droppedContextTokens()).isZero();
      }
    }
  }

  @Test
  void aTextWithoutContextIsScoredAfterTheFirstToken() {
    try (LanguageModel model = TestModels.stories()) {
      int[] ids = model.tokenizer().encode(LILY, true);
      TokenScores found = model.score("", LILY);
      TokenScores expected =
          model
              .scoreIds(
                  List.of(new TokenSpan(new int[] {1}, Arrays.copyOfRange(ids, 1, ids.length))))
              .get(0);
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void theScoresOfTwoPartsAddUpToTheScoreOfTheWhole() {
    try (LanguageModel model = TestModels.stories()) {
      double whole = model.score(LILY, " She loved to play outside.").sum();
      double first = model.score(LILY, " She loved").sum();
      double second = model.score(LILY + " She loved", " to play outside.").sum();
      assertThat(first + second).isCloseTo(whole, within(1e-4));
    }
  }

  @Test
  void aContinuationIsGreedyExactlyIfGenerationGivesIt() {
    try (LanguageModel model = TestModels.stories()) {
      Generation greedy =
          model.generate(
              LILY, GenerationOptions.greedy().toBuilder().maxNewTokens(8).build(), piece -> {});
      TokenScores likeliest = model.score(LILY, greedy.text());
      TokenScores other = model.score(LILY, " He ate a frog.");
      assertThat(likeliest.tokenIds()).isEqualTo(greedy.tokenIds());
      assertThat(likeliest.greedy()).isTrue();
      assertThat(other.greedy()).isFalse();
      assertThat(likeliest.sum()).isGreaterThan(other.sum());
      assertThat(likeliest.logProbabilities()).allMatch(value -> value <= 0);
    }
  }

  @Test
  void resultsKeepTheOrderOfTheRequestsAndDoNotDependOnTheBatch() {
    List<ScoringRequest> requests =
        List.of(
            new ScoringRequest("Tom", " ran."),
            new ScoringRequest(LILY + " " + LILY, " She loved to play outside in the park."),
            new ScoringRequest("The dog", " was happy."),
            new ScoringRequest(LILY, " She"));
    try (LanguageModel model = TestModels.stories()) {
      List<TokenScores> batch = model.scoreAll(requests);
      for (int i = 0; i < requests.size(); i++) {
        TokenScores alone = model.score(requests.get(i).context(), requests.get(i).continuation());
        assertThat(batch.get(i).tokenIds()).isEqualTo(alone.tokenIds());
        assertThat(batch.get(i).sum()).isCloseTo(alone.sum(), within(1e-4));
      }
      assertThat(model.scoreAll(List.of())).isEmpty();
    }
  }

  @Test
  void answersThatBeginAlikeShareASequenceAndScoreAsIfAlone() {
    List<ScoringRequest> requests =
        List.of(
            new ScoringRequest(LILY, " She"),
            new ScoringRequest(LILY, " He"),
            new ScoringRequest(LILY, " She loved"),
            new ScoringRequest(LILY, " She loved to play."),
            new ScoringRequest(LILY, " She"));
    try (LanguageModel model = TestModels.stories()) {
      List<TokenScores> batch = model.scoreAll(requests);
      for (int i = 0; i < requests.size(); i++) {
        TokenScores alone = model.score(LILY, requests.get(i).continuation());
        assertThat(batch.get(i).tokenIds()).isEqualTo(alone.tokenIds());
        assertThat(batch.get(i).contextTokens()).isEqualTo(alone.contextTokens());
        assertThat(batch.get(i).greedy()).isEqualTo(alone.greedy());
        for (int t = 0; t < alone.logProbabilities().size(); t++) {
          assertThat(batch.get(i).logProbabilities().get(t))
              .isCloseTo(alone.logProbabilities().get(t), within(1e-5));
        }
      }
    }
  }

  @Test
  void spacesAtTheEndOfTheContextBelongToTheContinuation() {
    try (LanguageModel model = TestModels.stories()) {
      assertThat(model.score("The dog ", "was happy."))
          .isEqualTo(model.score("The dog", " was happy."));
      TokenSpan span =
          TokenSpan.of(
              model.tokenizer(), new ScoringRequest("The dog \n", "was"), OptionalInt.empty());
      assertThat(model.tokenizer().decode(span.context(), true)).isEqualTo("The dog");
    }
  }

  @Test
  void aContextThatIsTooLongLosesItsBeginningAndTheResultSaysSo() {
    try (LanguageModel model = TestModels.stories()) {
      int[] context = new int[600];
      Arrays.fill(context, 400);
      int[] continuation = {403, 407, 261};
      TokenScores found = model.scoreIds(List.of(new TokenSpan(context, continuation))).get(0);
      assertThat(found.droppedContextTokens()).isEqualTo(600 + 3 - 1 - 512);
      TokenScores expected =
          model.scoreIds(List.of(new TokenSpan(Arrays.copyOf(context, 510), continuation))).get(0);
      assertThat(found.logProbabilities()).isEqualTo(expected.logProbabilities());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.scoreIds(List.of(new TokenSpan(new int[] {1}, new int[513]))))
          .withMessageContaining("513")
          .withMessageContaining("512");
    }
  }

  @Test
  void withoutTokensThereIsNothingToScore() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ScoringRequest("a", ""));
    assertThatIllegalArgumentException().isThrownBy(() -> new TokenSpan(new int[0], new int[] {1}));
    try (LanguageModel model = TestModels.stories()) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  TokenSpan.of(
                      model.tokenizer(), new ScoringRequest("", "Tom"), OptionalInt.empty()))
          .withMessageContaining("give a context");
    }
  }
}
