package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
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

/** Conversations over HTTP are what the model answers in this process. */
@Timeout(120)
class ChatCompletionsTest {

  private static final String PATH = "/v1/chat/completions";
  private static final List<ChatMessage> TOLD =
      List.of(ChatMessage.system("Be brief."), ChatMessage.user("Tell me of Lily."));
  private static final String MESSAGES =
      "'messages':[{'role':'system','content':'Be brief.'},"
          + "{'role':'user','content':'Tell me of Lily.'}]";

  @AutoClose private static final TestServer server = TestServer.start();

  private static String ask(String more) {
    return "{'model':'stories'," + MESSAGES + more + "}";
  }

  private static GenerationOptions.Builder greedy(int tokens) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens);
  }

  private static Generation alone(GenerationOptions options) {
    return server.languageModel().chat(TOLD, options, piece -> {});
  }

  private static String content(JsonNode answer, int choice) {
    return answer.path("choices").path(choice).path("message").path("content").asText();
  }

  @Test
  void anAnswerHasTheModelsTextReasonAndNumbers() throws Exception {
    Generation alone = alone(greedy(24).build());
    JsonNode answer = server.answer(PATH, ask(",'max_tokens':24,'temperature':0"));
    assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
    assertThat(answer.path("id").asText()).startsWith("chatcmpl-");
    assertThat(answer.path("model").asText()).isEqualTo("stories");
    assertThat(answer.path("choices")).hasSize(1);
    assertThat(content(answer, 0)).isNotEmpty().isEqualTo(alone.text());
    assertThat(answer.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    assertThat(answer.path("usage"))
        .isEqualTo(
            Json.parse(
                """
                {"prompt_tokens":%d,"completion_tokens":24,"total_tokens":%d,
                 "prompt_tokens_details":{"cached_tokens":%d}}"""
                    .formatted(
                        alone.promptTokens(),
                        alone.promptTokens() + 24,
                        alone.promptTokens() - 1)));
  }

  @Test
  void eitherNameOfTheLimitCountsTheNewerOneFirst() throws Exception {
    JsonNode answer =
        server.answer(PATH, ask(",'max_completion_tokens':3,'max_tokens':9,'temperature':0"));
    assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(3);
  }

  @Test
  void partsOfTextAreLinesAndADeveloperIsTheSystem() throws Exception {
    List<ChatMessage> told =
        List.of(ChatMessage.system("Be brief."), ChatMessage.user("Tell me\nof Lily."));
    String alone = server.languageModel().chat(told, greedy(12).build());
    JsonNode answer =
        server.answer(
            PATH,
            "{'model':'stories','max_tokens':12,'temperature':0,'messages':["
                + "{'role':'developer','content':'Be brief.'},{'role':'user','content':["
                + "{'type':'text','text':'Tell me'},{'type':'text','text':'of Lily.'}]}]}");
    assertThat(content(answer, 0)).isEqualTo(alone);
  }

  @Test
  void theSameSeedGivesTheSameAnswerAndAnotherAnother() throws Exception {
    String sampled = ",'max_tokens':40,'temperature':1.2,'top_p':0.95,'seed':";
    String first = content(server.answer(PATH, ask(sampled + "7")), 0);
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(40).temperature(1.2).topP(0.95).seed(7).build();
    assertThat(first).isEqualTo(alone(options).text());
    assertThat(content(server.answer(PATH, ask(sampled + "7")), 0)).isEqualTo(first);
    assertThat(content(server.answer(PATH, ask(sampled + "8")), 0)).isNotEqualTo(first);
  }

  @Test
  void severalChoicesDifferAndTheFirstIsThatOfOne() throws Exception {
    String sampled = ",'max_tokens':40,'temperature':1.2,'seed':7";
    JsonNode one = server.answer(PATH, ask(sampled));
    JsonNode four = server.answer(PATH, ask(sampled + ",'n':4"));
    Set<String> texts = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      assertThat(four.at("/choices/" + i + "/index").asInt()).isEqualTo(i);
      texts.add(content(four, i));
    }
    assertThat(texts).hasSize(4);
    assertThat(content(four, 0)).isEqualTo(content(one, 0));
    assertThat(four.at("/usage/prompt_tokens")).isEqualTo(one.at("/usage/prompt_tokens"));
    assertThat(four.at("/usage/completion_tokens").asInt()).isGreaterThan(40);
    assertThat(server.answer(PATH, ask(sampled + ",'n':4")).path("choices"))
        .isEqualTo(four.path("choices"));
  }

  @Test
  void aStopStringEndsTheAnswerBeforeIt() throws Exception {
    String whole = alone(greedy(60).build()).text();
    String cut = whole.substring(0, whole.indexOf(" a "));
    assertThat(cut).isNotEmpty();
    for (String stops : List.of("' a '", "['unheard of',' a ']")) {
      JsonNode answer =
          server.answer(PATH, ask(",'max_tokens':60,'temperature':0,'stop':" + stops));
      assertThat(content(answer, 0)).isEqualTo(cut);
      assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    }
  }

  @Test
  void theDeltasOfAStreamAreTheAnswer() throws Exception {
    Generation alone = alone(greedy(30).build());
    List<JsonNode> events =
        server.events(PATH, ask(",'max_tokens':30,'temperature':0,'stream':true"));
    assertThat(events)
        .allSatisfy(
            event -> assertThat(event.path("object").asText()).isEqualTo("chat.completion.chunk"));
    assertThat(events.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    assertThat(deltas(events, 0)).isEqualTo(alone.text());
    assertThat(events.size()).isGreaterThan(10);
    assertThat(events.get(events.size() - 1).at("/choices/0/finish_reason").asText())
        .isEqualTo("length");
    assertThat(events).noneMatch(event -> event.has("usage"));
  }

  @Test
  void aStreamTellsItsUsageWhereAsked() throws Exception {
    Generation alone = alone(greedy(9).build());
    List<JsonNode> events =
        server.events(
            PATH,
            ask(
                ",'max_tokens':9,'temperature':0,'stream':true,"
                    + "'stream_options':{'include_usage':true}"));
    JsonNode last = events.remove(events.size() - 1);
    assertThat(last.path("choices")).isEmpty();
    assertThat(last.at("/usage/prompt_tokens").asInt()).isEqualTo(alone.promptTokens());
    assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(9);
    assertThat(last.at("/usage/prompt_tokens_details/cached_tokens").asInt())
        .isEqualTo(alone.promptTokens() - 1);
    assertThat(events).allMatch(event -> event.path("usage").isNull());
  }

  @Test
  void theChoicesOfAStreamAreThoseOfAWholeAnswer() throws Exception {
    String sampled = ",'max_tokens':30,'seed':3,'n':3";
    JsonNode whole = server.answer(PATH, ask(sampled));
    List<JsonNode> events = server.events(PATH, ask(sampled + ",'stream':true"));
    for (int i = 0; i < 3; i++) {
      assertThat(deltas(events, i)).isEqualTo(content(whole, i));
    }
  }

  private static String deltas(List<JsonNode> events, int choice) {
    StringBuilder text = new StringBuilder();
    for (JsonNode event : events) {
      if (event.at("/choices/0/index").asInt() == choice) {
        text.append(event.at("/choices/0/delta/content").asText(""));
      }
    }
    return text.toString();
  }

  @Test
  void thirtyTwoClientsGetWhatTheModelAnswersAlone() throws Exception {
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      alone.add(alone(GenerationOptions.builder().maxNewTokens(20 + i).seed(i).build()).text());
    }
    ExecutorService clients = Executors.newFixedThreadPool(32);
    try {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        String request = ask(",'seed':" + i + ",'max_tokens':" + (20 + i));
        boolean streams = i % 2 == 0;
        answers.add(
            clients.submit(
                () ->
                    streams
                        ? deltas(
                            server.events(
                                PATH, request.replace(",'seed'", ",'stream':true,'seed'")),
                            0)
                        : content(server.answer(PATH, request), 0)));
      }
      for (int i = 0; i < 32; i++) {
        assertThat(answers.get(i).get()).as("client %d", i).isEqualTo(alone.get(i));
      }
    } finally {
      clients.shutdownNow();
    }
  }
}
