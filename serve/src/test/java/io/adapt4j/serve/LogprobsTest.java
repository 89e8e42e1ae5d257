package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.score.TokenSpan;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How likely tokens were, penalties, biases and echoes, in the fields of OpenAI's API. */
@Timeout(120)
class LogprobsTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String COMPLETIONS = "/v1/completions";
  private static final String LILY = "Once upon a time, there was a little girl named Lily.";

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
    // What is read of a prompt, and so how it rounds, is not to depend on earlier ones.
    server.languageModel().limitPromptCache(0);
  }

  private static String chat(String more) {
    return "{'model':'stories','messages':[{'role':'user','content':'Tell me of Lily.'}],"
        + "'max_tokens':24,'seed':11"
        + more
        + "}";
  }

  private static String completion(String more) {
    return "{'model':'stories','prompt':'" + LILY + "','temperature':0" + more + "}";
  }

  private static GenerationOptions.Builder sampled() {
    return GenerationOptions.builder().maxNewTokens(24).seed(11);
  }

  private static Generation alone(GenerationOptions options) {
    return server
        .languageModel()
        .chat(List.of(ChatMessage.user("Tell me of Lily.")), options, piece -> {});
  }

  @Test
  void theTokensOfAnAnswerJoinedAreItsText() throws Exception {
    JsonNode answer = server.answer(CHAT, chat(",'logprobs':true,'top_logprobs':4"));
    Generation alone = alone(sampled().logprobs(4).build());
    String text = answer.at("/choices/0/message/content").asText();
    assertThat(text).isEqualTo(alone.text());
    JsonNode content = answer.at("/choices/0/logprobs/content");
    assertThat(content).hasSize(alone.tokenIds().size());
    StringBuilder tokens = new StringBuilder();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < content.size(); i++) {
      JsonNode entry = content.get(i);
      tokens.append(entry.path("token").asText());
      entry.path("bytes").forEach(value -> bytes.write(value.asInt()));
      assertThat(entry.path("logprob").asDouble()).isEqualTo(alone.logprobs().get(i).logprob());
      assertThat(entry.path("top_logprobs")).hasSize(4);
      assertThat(entry.at("/top_logprobs/0/logprob").asDouble())
          .isEqualTo(alone.logprobs().get(i).top().get(0).logprob());
    }
    assertThat(tokens).hasToString(text);
    assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(text);
    assertThat(answer.at("/choices/0/logprobs/refusal").isNull()).isTrue();
  }

  @Test
  void aStreamTellsTheSameWithTheTextOfEachPiece() throws Exception {
    String more = ",'logprobs':true,'top_logprobs':2";
    JsonNode whole = server.answer(CHAT, chat(more)).at("/choices/0/logprobs/content");
    List<JsonNode> streamed = new ArrayList<>();
    for (JsonNode event : server.events(CHAT, chat(more + ",'stream':true"))) {
      JsonNode choice = event.at("/choices/0");
      StringBuilder tokens = new StringBuilder();
      choice
          .at("/logprobs/content")
          .forEach(
              entry -> {
                streamed.add(entry);
                tokens.append(entry.path("token").asText());
              });
      assertThat(choice.at("/delta/content").asText("")).isEqualTo(tokens.toString());
    }
    assertThat(streamed).containsExactlyElementsOf(whole);
  }

  @Test
  void withoutAnyNumberOfAlternativesThereAreNone() throws Exception {
    JsonNode content =
        server.answer(CHAT, chat(",'logprobs':true")).at("/choices/0/logprobs/content");
    assertThat(content).isNotEmpty().allMatch(entry -> entry.path("top_logprobs").isEmpty());
    assertThat(server.answer(CHAT, chat("")).at("/choices/0/logprobs").isNull()).isTrue();
  }

  @Test
  void theTokenThatEndsAnAnswerIsLeftOut() throws Exception {
    Generation greedy =
        server
            .languageModel()
            .generate(
                LILY, GenerationOptions.greedy().toBuilder().maxNewTokens(5).build(), piece -> {});
    int end = server.languageModel().endTokenIds().iterator().next();
    // The end of the sequence is made the likeliest token.
    JsonNode answer =
        server.answer(COMPLETIONS, completion(",'logprobs':1,'logit_bias':{'" + end + "':100}"));
    assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(1);
    assertThat(answer.at("/choices/0/text").asText()).isEmpty();
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(answer.at("/choices/0/logprobs/tokens")).isEmpty();
    assertThat(greedy.text()).isNotEmpty();
  }

  @Test
  void aCompletionHasListsOfThem() throws Exception {
    JsonNode answer = server.answer(COMPLETIONS, completion(",'max_tokens':12,'logprobs':3"));
    JsonNode lists = answer.at("/choices/0/logprobs");
    String text = answer.at("/choices/0/text").asText();
    for (String name : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
      assertThat(lists.path(name)).as(name).hasSize(12);
    }
    for (int i = 0; i < 12; i++) {
      String token = lists.path("tokens").get(i).asText();
      int offset = lists.path("text_offset").get(i).asInt();
      assertThat(text.substring(offset)).startsWith(token);
      // The likeliest was chosen.
      assertThat(lists.path("top_logprobs").get(i).path(token).asDouble())
          .isCloseTo(lists.path("token_logprobs").get(i).asDouble(), within(1e-12));
      assertThat(lists.path("top_logprobs").get(i).size()).isBetween(1, 3);
    }
    List<JsonNode> events =
        server.events(COMPLETIONS, completion(",'max_tokens':12,'logprobs':3,'stream':true"));
    List<String> offsets = new ArrayList<>();
    events.forEach(
        event ->
            event.at("/choices/0/logprobs/text_offset").forEach(at -> offsets.add(at.asText())));
    List<String> expected = new ArrayList<>();
    lists.path("text_offset").forEach(at -> expected.add(at.asText()));
    assertThat(offsets).isEqualTo(expected);
  }

  @Test
  void penaltiesAndBiasesAreThoseOfTheModel() throws Exception {
    String text =
        server
            .answer(CHAT, chat(",'frequency_penalty':1.5,'presence_penalty':-0.5"))
            .at("/choices/0/message/content")
            .asText();
    assertThat(text)
        .isEqualTo(alone(sampled().frequencyPenalty(1.5).presencePenalty(-0.5).build()).text())
        .isNotEqualTo(alone(sampled().build()).text());
    int[] dog = server.languageModel().tokenizer().encode("dog", false);
    String biased =
        server
            .answer(CHAT, chat(",'logit_bias':{'" + dog[0] + "':100}"))
            .at("/choices/0/message/content")
            .asText();
    assertThat(biased)
        .isEqualTo(alone(sampled().logitBias(Map.of(dog[0], 100.0)).build()).text())
        .isEqualToIgnoringWhitespace(
            server.languageModel().tokenizer().decode(repeated(dog[0]), true));
  }

  private static int[] repeated(int id) {
    int[] ids = new int[24];
    Arrays.fill(ids, id);
    return ids;
  }

  @Test
  void anEchoIsThePromptBeforeTheText() throws Exception {
    String alone =
        server.answer(COMPLETIONS, completion(",'max_tokens':8")).at("/choices/0/text").asText();
    JsonNode answer = server.answer(COMPLETIONS, completion(",'max_tokens':8,'echo':true"));
    assertThat(answer.at("/choices/0/text").asText()).isEqualTo(LILY + alone);
    StringBuilder streamed = new StringBuilder();
    server
        .events(COMPLETIONS, completion(",'max_tokens':8,'echo':true,'stream':true"))
        .forEach(event -> streamed.append(event.at("/choices/0/text").asText()));
    assertThat(streamed).hasToString(LILY + alone);
    int[] ids = server.languageModel().tokenizer().encode(LILY, true);
    assertThat(
            server
                .answer(
                    COMPLETIONS,
                    "{'model':'stories','temperature':0,'max_tokens':8,'echo':true,'prompt':"
                        + Arrays.toString(ids)
                        + "}")
                .at("/choices/0/text")
                .asText())
        .isEqualTo(LILY + alone);
  }

  @Test
  void anEchoHasTheLogprobsOfThePromptToo() throws Exception {
    int[] ids = server.languageModel().tokenizer().encode(LILY, true);
    JsonNode answer =
        server.answer(COMPLETIONS, completion(",'max_tokens':3,'echo':true,'logprobs':2"));
    JsonNode found = answer.at("/choices/0/logprobs");
    List<TokenLogprobs> alone = server.languageModel().predictions(ids, 2);
    assertThat(found.path("tokens")).hasSize(ids.length + 3);
    assertThat(found.at("/token_logprobs/0").isNull()).isTrue();
    assertThat(found.at("/top_logprobs/0").isNull()).isTrue();
    for (int i = 1; i < ids.length; i++) {
      TokenLogprobs expected = alone.get(i - 1);
      assertThat(found.path("token_logprobs").get(i).asDouble()).isEqualTo(expected.logprob());
      assertThat(found.path("top_logprobs").get(i)).hasSize(2);
    }
    double sum = server.languageModel().scoreIds(List.of(span(ids))).get(0).sum();
    assertThat(alone.stream().mapToDouble(TokenLogprobs::logprob).sum())
        .isCloseTo(sum, within(1e-3));
    assertThat(
            Json.parse(
                    server
                        .post(COMPLETIONS, completion(",'echo':true,'logprobs':1,'stream':true"))
                        .body())
                .at("/error/param")
                .asText())
        .isEqualTo("echo");
  }

  private static TokenSpan span(int... ids) {
    return new TokenSpan(new int[] {ids[0]}, Arrays.copyOfRange(ids, 1, ids.length));
  }

  @Test
  void tokensAreNamedByTheirIdsOnRequest() throws Exception {
    int[] ids = server.languageModel().tokenizer().encode(LILY, true);
    JsonNode answer =
        server.answer(
            COMPLETIONS,
            completion(
                ",'max_tokens':2,'echo':true,'logprobs':3,'return_tokens_as_token_ids':true"));
    JsonNode found = answer.at("/choices/0/logprobs");
    for (int i = 0; i < ids.length; i++) {
      assertThat(found.path("tokens").get(i).asText()).isEqualTo("token_id:" + ids[i]);
    }
    assertThat(found.at("/top_logprobs/4").properties())
        .hasSize(3)
        .allMatch(entry -> entry.getKey().matches("token_id:\\d+"));
  }
}
