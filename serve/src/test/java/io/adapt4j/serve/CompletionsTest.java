package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Texts that are continued over HTTP. */
@Timeout(120)
class CompletionsTest {

  private static final String PATH = "/v1/completions";
  private static final String LILY = "Once upon a time, there was a little girl named Lily.";
  private static final String TOM = "Tom had a red ball.";

  @AutoClose private static final TestServer server = TestServer.start();

  private static Generation alone(String prompt, int tokens) {
    return server
        .languageModel()
        .generate(
            prompt,
            GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build(),
            piece -> {});
  }

  private static JsonNode ask(String prompt, String more) throws Exception {
    return server.answer(
        PATH, "{'model':'stories','temperature':0,'prompt':" + prompt + more + "}");
  }

  @Test
  void aTextIsContinuedBySixteenTokensUnlessMoreAreAsked() throws Exception {
    JsonNode answer = ask("'" + LILY + "'", "");
    assertThat(answer.path("object").asText()).isEqualTo("text_completion");
    assertThat(answer.at("/choices/0/text").asText()).isEqualTo(alone(LILY, 16).text());
    assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(16);
    int tokens = answer.at("/usage/prompt_tokens").asInt();
    assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
        .isBetween(0, tokens - 1);
    assertThat(ask("'" + LILY + "'", ",'max_tokens':33").at("/choices/0/text").asText())
        .isEqualTo(alone(LILY, 33).text());
  }

  @Test
  void severalTextsAreContinuedEachByItself() throws Exception {
    JsonNode answer = ask("['" + LILY + "','" + TOM + "']", ",'n':2");
    List<String> texts = answer.path("choices").findValuesAsText("text");
    String lily = alone(LILY, 16).text();
    String tom = alone(TOM, 16).text();
    assertThat(texts).containsExactly(lily, lily, tom, tom);
    assertThat(answer.at("/usage/prompt_tokens").asInt())
        .isEqualTo(alone(LILY, 1).promptTokens() + alone(TOM, 1).promptTokens());
  }

  @Test
  void tokenIdsAreContinuedAsTheyAre() throws Exception {
    int[] ids = server.languageModel().tokenizer().encode(LILY, true);
    JsonNode answer = ask(Arrays.toString(ids), "");
    assertThat(answer.at("/choices/0/text").asText()).isEqualTo(alone(LILY, 16).text());
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(ids.length);
    assertThat(ask("[" + Arrays.toString(ids) + "]", "").path("choices"))
        .isEqualTo(answer.path("choices"));
  }

  @Test
  void theTextsOfAStreamAreTheAnswer() throws Exception {
    List<JsonNode> events =
        server.events(
            PATH,
            "{'model':'stories','temperature':0,'max_tokens':25,'stream':true,'prompt':'"
                + LILY
                + "'}");
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append(event.at("/choices/0/text").asText()));
    assertThat(text).hasToString(alone(LILY, 25).text());
    assertThat(events.get(events.size() - 1).at("/choices/0/finish_reason").asText())
        .isEqualTo("length");
  }
}
