package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Responses are what the model answers in this process. */
@Timeout(120)
class ResponsesTest {

  private static final String PATH = "/v1/responses";

  @AutoClose private static final TestServer server = TestServer.start();

  private static String ask(String more) {
    return "{'model':'stories','temperature':0,'max_output_tokens':20" + more + "}";
  }

  private static Generation alone(ChatMessage... messages) {
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(20).build();
    return server.languageModel().chat(List.of(messages), options, piece -> {});
  }

  private static String text(JsonNode answer) {
    return answer.at("/output/0/content/0/text").asText();
  }

  @Test
  void aTextIsAUsersMessageAndInstructionsAreTheSystems() throws Exception {
    Generation alone = alone(ChatMessage.system("Be brief."), ChatMessage.user("Hello"));
    JsonNode answer = server.answer(PATH, ask(",'input':'Hello','instructions':'Be brief.'"));
    assertThat(text(answer)).isEqualTo(alone.text());
    assertThat(answer.path("object").asText()).isEqualTo("response");
    assertThat(answer.path("id").asText()).startsWith("resp_");
    assertThat(answer.at("/output/0/role").asText()).isEqualTo("assistant");
    assertThat(answer.path("store").booleanValue()).isTrue();
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(alone.promptTokens() + 20);
    assertThat(answer.at("/usage/input_tokens_details/cached_tokens").asInt())
        .as("all but the last token, which is always read")
        .isEqualTo(alone.promptTokens() - 1);
    assertThat(answer.path("status").asText()).isEqualTo("incomplete");
    assertThat(answer.at("/incomplete_details/reason").asText()).isEqualTo("max_output_tokens");
  }

  @Test
  void messagesAreReadWithTheAnswersAmongThem() throws Exception {
    Generation alone =
        alone(
            ChatMessage.user("Hello\nthere"),
            ChatMessage.assistant("Hi."),
            ChatMessage.user("Tell me of Lily."));
    JsonNode answer =
        server.answer(
            PATH,
            ask(
                ",'input':[{'role':'user','content':[{'type':'input_text','text':'Hello'},"
                    + "{'type':'input_text','text':'there'}]},"
                    + "{'type':'message','id':'msg_1','status':'completed','role':'assistant',"
                    + "'content':[{'type':'output_text','text':'Hi.','annotations':[]}]},"
                    + "{'role':'user','content':'Tell me of Lily.'}]"));
    assertThat(text(answer)).isEqualTo(alone.text());
  }

  @Test
  void theEventsOfAStreamAreNumberedAndEndInTheWholeResponse() throws Exception {
    HttpResponse<String> response =
        server.post(
            PATH, ask(",'input':'Hello','stream':true,'include':['message.output_text.logprobs']"));
    List<JsonNode> events = new ArrayList<>();
    for (String part : response.body().strip().split("\n\n", -1)) {
      String[] lines = part.split("\n", -1);
      JsonNode event = Json.parse(lines[1].substring("data: ".length()));
      assertThat(lines[0]).isEqualTo("event: " + event.path("type").asText());
      assertThat(event.path("sequence_number").asInt()).isEqualTo(events.size());
      events.add(event);
    }
    StringBuilder text = new StringBuilder();
    StringBuilder tokens = new StringBuilder();
    for (JsonNode event : events) {
      if (event.path("type").asText().equals("response.output_text.delta")) {
        text.append(event.path("delta").asText());
        event.path("logprobs").forEach(entry -> tokens.append(entry.path("token").asText()));
      }
    }
    JsonNode last = events.get(events.size() - 1);
    assertThat(last.path("type").asText()).isEqualTo("response.incomplete");
    assertThat(text).hasToString(text(last.path("response")));
    assertThat(tokens).hasToString(text.toString());
    assertThat(text).hasToString(alone(ChatMessage.user("Hello")).text());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "background|true",
        "tools|[{'type':'web_search'}]",
        "text|{'verbosity':'high'}",
        "truncation|'auto'",
        "reasoning|{'effort':'high'}",
        "include|['file_search_call.results']",
      })
  void whatIsNotKeptOrCannotBeDoneIsRefusedByName(String name, String value) throws Exception {
    HttpResponse<String> response = server.post(PATH, ask(",'input':'Hi','" + name + "':" + value));
    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = Json.parse(response.body()).path("error");
    assertThat(error.path("param").asText()).isEqualTo(name);
    assertThat(error.path("code").asText()).isEqualTo("unsupported_parameter");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "7|input",
        "[]|input",
        "[{'role':'user'}]|content",
        "[{'role':'boss','content':'Hi'}]|input[0].role",
        "[{'type':'item_reference','id':'msg_1'}]|input[0].type",
        "[{'role':'user','content':[{'type':'input_image'}]}]|input[0].content[0]",
      })
  void whatIsNoConversationIsRefused(String input, String name) throws Exception {
    HttpResponse<String> response = server.post(PATH, ask(",'input':" + input));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo(name);
  }

  @Test
  void whatAsksForNothingIsTaken() throws Exception {
    assertThat(
            server
                .post(
                    PATH,
                    ask(
                        ",'input':'Hi','store':false,'tools':[],'tool_choice':'auto',"
                            + "'text':{'format':{'type':'text'}},'truncation':'disabled',"
                            + "'reasoning':{},'include':[],'metadata':{'a':'b'},'stream':false"))
                .statusCode())
        .isEqualTo(200);
  }
}
