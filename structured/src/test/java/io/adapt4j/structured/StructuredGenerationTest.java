package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A small trained model, which knows stories and no JSON, writes what it is asked for. */
@Timeout(180)
class StructuredGenerationTest {

  private static final String PROMPT = "Once upon a time, there was a little girl named Lily.";

  private static final TextConstraint GIRL =
      JsonSchema.parse(
          """
          {"type": "object",
           "properties": {
             "name": {"type": "string", "minLength": 1, "maxLength": 12},
             "age": {"type": "integer", "minimum": 3, "maximum": 12},
             "mood": {"enum": ["happy", "sad", "größer als groß"]},
             "friends": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3}},
           "required": ["name", "age", "mood"], "additionalProperties": false}
          """);

  @AutoClose
  private static final LanguageModel model =
      LanguageModel.load(
          ModelSource.path(Path.of("../examples/models/stories260K")), Precision.FP32);

  private static void requireGirl(String text) {
    JsonNode girl;
    try {
      girl = JsonMapper.builder().build().readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
    assertThat(girl.path("name").asText().length()).isBetween(1, 12);
    assertThat(girl.path("age").asInt()).isBetween(3, 12);
    assertThat(girl.path("mood").asText()).isIn("happy", "sad", "größer als groß");
    assertThat(girl.path("friends").size()).isLessThanOrEqualTo(3);
  }

  private static GenerationOptions.Builder sampled(long seed) {
    return GenerationOptions.builder()
        .temperature(1.3)
        .seed(seed)
        .maxNewTokens(250)
        .constraint(GIRL);
  }

  private static List<GenerationOptions> ways() {
    List<GenerationOptions> ways = new ArrayList<>();
    ways.add(GenerationOptions.greedy().toBuilder().constraint(GIRL).build());
    ways.add(sampled(1).build());
    ways.add(sampled(2).minP(0.2).build());
    ways.add(sampled(3).topK(3).repetitionPenalty(1.5).build());
    ways.add(sampled(4).topP(0.5).repetitionPenalty(0.7).build());
    ways.add(sampled(5).promptLookupTokens(5).build());
    ways.add(sampled(6).stopStrings("\n\n").build());
    ways.add(sampled(7).temperature(4).build());
    return ways;
  }

  @Test
  void everyWayToChooseWritesWhatIsAskedFor() {
    for (GenerationOptions way : ways()) {
      StringBuilder streamed = new StringBuilder();
      Generation answer = model.generate(PROMPT, way, streamed::append);
      requireGirl(answer.text());
      assertThat(answer.finishReason()).isEqualTo(FinishReason.EOS);
      assertThat(streamed).hasToString(answer.text());
    }
  }

  @Test
  void eightRequestsTogetherGetWhatEachGetsAlone() throws Exception {
    List<Generation> alone =
        ways().stream().map(way -> model.generate(PROMPT, way, piece -> {})).toList();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Generation>> together = new ArrayList<>();
      for (GenerationOptions way : ways()) {
        together.add(threads.submit(() -> model.generate(PROMPT, way, piece -> {})));
      }
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aBatchOfPromptsIsConstrained() {
    List<String> prompts = List.of(PROMPT, "Tom and his dog", "One day");
    model.generateAll(prompts, sampled(3).build()).forEach(answer -> requireGirl(answer.text()));
  }

  @Test
  void tokensWithoutAChoiceAreTheSameOneByOneAndTogether() {
    GenerationOptions way = sampled(11).build();
    assertThat(model.generateAll(List.of(PROMPT, PROMPT), way).get(0).tokenIds())
        .as("a batch takes one token a step, a request alone all that are known")
        .isEqualTo(model.generate(PROMPT, way, piece -> {}).tokenIds());
  }

  @Test
  void aStopStringEndsIt() {
    Generation answer =
        model.generate(PROMPT, sampled(2).stopStrings("\"mood").build(), piece -> {});
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    assertThat(answer.text()).startsWith("{\"name\":\"").endsWith(",");
  }

  @Test
  void freeTextTurnsIntoAToolCallAtItsTrigger() {
    TextConstraint answer =
        TextConstraint.sequence(
            Regex.of("[ A-Za-z,]{5,20}\\."),
            TextConstraint.textUntil(" "),
            TextConstraint.literal("<call>"),
            GIRL,
            TextConstraint.literal("</call>"));
    Generation generation =
        model.generate(PROMPT, sampled(9).constraint(answer).build(), piece -> {});
    assertThat(generation.text()).contains("<call>{").endsWith("}</call>");
  }
}
