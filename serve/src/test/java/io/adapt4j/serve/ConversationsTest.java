package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that continue stored ones, and conversations. */
@Timeout(120)
class ConversationsTest {

  private static final String RESPONSES = "/v1/responses";
  private static final long MIB = 1L << 20;
  private static final Duration DAY = Duration.ofDays(1);
  private static final String CONVERSATIONS = "/v1/conversations";

  @AutoClose
  private static final TestServer server = TestServer.start(s -> s.apiKey("one").apiKey("two"));

  @TempDir private Path folder;

  private static String ask(String more) {
    return "{'model':'stories','temperature':0,'max_output_tokens':12" + more + "}";
  }

  private static HttpResponse<String> send(
      TestServer to, String method, String path, String body, String key) throws Exception {
    HttpRequest.BodyPublisher content =
        body.isEmpty()
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'));
    return to.send(
        HttpRequest.newBuilder(to.uri(path))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + key)
            .method(method, content)
            .build());
  }

  private static JsonNode good(String method, String path, String body) throws Exception {
    return good(server, method, path, body);
  }

  private static JsonNode good(TestServer to, String method, String path, String body)
      throws Exception {
    HttpResponse<String> response = send(to, method, path, body, "one");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Json.parse(response.body());
  }

  private static JsonNode error(int status, String method, String path, String body)
      throws Exception {
    return error(server, status, method, path, body);
  }

  private static JsonNode error(TestServer to, int status, String method, String path, String body)
      throws Exception {
    HttpResponse<String> response = send(to, method, path, body, "one");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return Json.parse(response.body()).path("error");
  }

  private static String text(JsonNode answer) {
    return answer.at("/output/0/content/0/text").asText();
  }

  private static String id(JsonNode object) {
    return object.path("id").asText();
  }

  private static Generation alone(ChatMessage... messages) {
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
    return server.languageModel().chat(List.of(messages), options, piece -> {});
  }

  @Test
  void aResponseContinuesThePreviousOneWithoutItsInstructions() throws Exception {
    JsonNode first = good("POST", RESPONSES, ask(",'input':'Hello','instructions':'Be brief.'"));
    JsonNode second =
        good(
            "POST",
            RESPONSES,
            ask(",'input':'And then?','previous_response_id':'" + id(first) + "'"));
    JsonNode third =
        good("POST", RESPONSES, ask(",'input':'Why?','previous_response_id':'" + id(second) + "'"));
    ChatMessage[] talk = {
      ChatMessage.user("Hello"),
      ChatMessage.assistant(text(first)),
      ChatMessage.user("And then?"),
      ChatMessage.assistant(text(second)),
      ChatMessage.user("Why?")
    };
    assertThat(text(second)).isEqualTo(alone(talk[0], talk[1], talk[2]).text());
    assertThat(text(third)).isEqualTo(alone(talk).text());
    assertThat(second.path("previous_response_id").asText()).isEqualTo(id(first));
    assertThat(second.path("instructions").isNull()).isTrue();
    assertThat(third.at("/usage/input_tokens_details/cached_tokens").asInt())
        .isGreaterThan(second.at("/usage/input_tokens").asInt() - 2);
  }

  @Test
  void aStoredResponseIsReturnedListedAndDeleted() throws Exception {
    JsonNode first = good("POST", RESPONSES, ask(",'input':'Hello','metadata':{'a':'b'}"));
    String path = RESPONSES + "/" + id(first);
    assertThat(good("GET", path, "")).isEqualTo(first);
    JsonNode second =
        good("POST", RESPONSES, ask(",'input':'Why?','previous_response_id':'" + id(first) + "'"));
    JsonNode items =
        good("GET", RESPONSES + "/" + id(second) + "/input_items?order=asc&limit=2", "");
    assertThat(items.at("/data/0/content/0/text").asText()).isEqualTo("Hello");
    assertThat(items.at("/data/0/id").asText()).startsWith("msg_");
    assertThat(items.at("/data/1")).isEqualTo(first.at("/output/0"));
    assertThat(items.path("has_more").booleanValue()).isTrue();
    String after = items.path("last_id").asText();
    JsonNode rest =
        good("GET", RESPONSES + "/" + id(second) + "/input_items?order=asc&after=" + after, "");
    assertThat(rest.path("data")).hasSize(1);
    assertThat(rest.at("/data/0/content/0/text").asText()).isEqualTo("Why?");
    assertThat(rest.path("has_more").booleanValue()).isFalse();
    assertThat(good("DELETE", path, "").path("deleted").booleanValue()).isTrue();
    assertThat(error(404, "GET", path, "").path("message").asText())
        .isEqualTo("Response with id '" + id(first) + "' not found.");
    assertThat(
            error(
                    400,
                    "POST",
                    RESPONSES,
                    ask(",'input':'Hi','previous_response_id':'" + id(second) + "'"))
                .path("code")
                .asText())
        .as("a response whose beginning is gone")
        .isEqualTo("previous_response_not_found");
  }

  @Test
  void whatIsNotToBeStoredIsNot() throws Exception {
    JsonNode answer = good("POST", RESPONSES, ask(",'input':'Hello','store':false"));
    assertThat(answer.path("store").booleanValue()).isFalse();
    JsonNode error =
        error(
            400,
            "POST",
            RESPONSES,
            ask(",'input':'Hi','previous_response_id':'" + id(answer) + "'"));
    assertThat(error.path("param").asText()).isEqualTo("previous_response_id");
    assertThat(error.path("code").asText()).isEqualTo("previous_response_not_found");
  }

  @Test
  void aConversationCollectsItemsOfResponses() throws Exception {
    JsonNode made =
        good(
            "POST",
            CONVERSATIONS,
            "{'metadata':{'topic':'cats'},'items':[{'role':'system','content':'Be brief.'}]}");
    String path = CONVERSATIONS + "/" + id(made);
    assertThat(made.path("object").asText()).isEqualTo("conversation");
    JsonNode first =
        good("POST", RESPONSES, ask(",'input':'Hello','conversation':'" + id(made) + "'"));
    assertThat(first.at("/conversation/id").asText()).isEqualTo(id(made));
    JsonNode second =
        good(
            "POST",
            RESPONSES,
            ask(",'input':'Why?','store':false,'conversation':{'id':'" + id(made) + "'}"));
    assertThat(text(second))
        .isEqualTo(
            alone(
                    ChatMessage.system("Be brief."),
                    ChatMessage.user("Hello"),
                    ChatMessage.assistant(text(first)),
                    ChatMessage.user("Why?"))
                .text());
    JsonNode items = good("GET", path + "/items", "");
    assertThat(items.path("data")).hasSize(5);
    assertThat(items.at("/data/0")).isEqualTo(second.at("/output/0"));
    assertThat(items.at("/data/4/role").asText()).isEqualTo("system");
    String system = items.at("/data/4/id").asText();
    assertThat(good("GET", path + "/items/" + system, "")).isEqualTo(items.at("/data/4"));
    assertThat(id(good("DELETE", path + "/items/" + system, ""))).isEqualTo(id(made));
    assertThat(good("GET", path + "/items", "").path("data")).hasSize(4);
    error(404, "GET", path + "/items/" + system, "");
    JsonNode added =
        good("POST", path + "/items", "{'items':[{'role':'user','content':'Also this.'}]}");
    assertThat(added.at("/data/0/content/0/type").asText()).isEqualTo("input_text");
    JsonNode changed = good("POST", path, "{'metadata':{'topic':'dogs'}}");
    assertThat(changed.at("/metadata/topic").asText()).isEqualTo("dogs");
    assertThat(good("GET", path, "")).isEqualTo(changed);
    assertThat(good("GET", RESPONSES + "/" + id(first) + "/input_items", "").path("data"))
        .as("what the response answered, whatever became of the conversation")
        .hasSize(2);
    assertThat(good("DELETE", path, "").path("object").asText()).isEqualTo("conversation.deleted");
    error(404, "POST", RESPONSES, ask(",'input':'Hi','conversation':'" + id(made) + "'"));
  }

  @Test
  void aStreamCanBeContinuedOnceItsLastEventIsThere() throws Exception {
    HttpResponse<String> response =
        send(server, "POST", RESPONSES, ask(",'input':'Hello','stream':true"), "one");
    String[] events = response.body().strip().split("\n\n", -1);
    String last = events[events.length - 1];
    JsonNode first = Json.parse(last.substring(last.indexOf("data: ") + 6)).path("response");
    assertThat(good("GET", RESPONSES + "/" + id(first), "")).isEqualTo(first);
    JsonNode second =
        good("POST", RESPONSES, ask(",'input':'Why?','previous_response_id':'" + id(first) + "'"));
    assertThat(text(second))
        .isEqualTo(
            alone(
                    ChatMessage.user("Hello"),
                    ChatMessage.assistant(text(first)),
                    ChatMessage.user("Why?"))
                .text());
  }

  @Test
  void anotherKeySeesNothing() throws Exception {
    String response = id(good("POST", RESPONSES, ask(",'input':'Hello'")));
    String conversation = id(good("POST", CONVERSATIONS, "{}"));
    for (String path :
        List.of(
            RESPONSES + "/" + response,
            RESPONSES + "/" + response + "/input_items",
            CONVERSATIONS + "/" + conversation,
            CONVERSATIONS + "/" + conversation + "/items")) {
      assertThat(send(server, "GET", path, "", "two").statusCode()).as(path).isEqualTo(404);
      assertThat(send(server, "GET", path, "", "none").statusCode()).isEqualTo(401);
    }
    assertThat(send(server, "DELETE", RESPONSES + "/" + response, "", "two").statusCode())
        .isEqualTo(404);
    assertThat(
            send(
                    server,
                    "POST",
                    RESPONSES,
                    ask(",'input':'Hi','previous_response_id':'" + response + "'"),
                    "two")
                .statusCode())
        .isEqualTo(400);
    good("GET", RESPONSES + "/" + response, "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'items':[{'type':'function_call_output','call_id':'1','output':'x'}]}|items[0].call_id",
        "{'items':[{'role':'boss','content':'x'}]}|items[0].role",
        "{'items':'Hello'}|items",
        "{'metadata':{'a':1}}|metadata",
        "{'name':'x'}|name",
      })
  void whatIsNoConversationIsRefused(String body, String param) throws Exception {
    assertThat(error(400, "POST", CONVERSATIONS, body).path("param").asText()).isEqualTo(param);
  }

  @ParameterizedTest
  @ValueSource(strings = {"limit=0", "limit=101", "limit=x", "order=up", "after=msg_1"})
  void pagesAreCheckedByName(String query) throws Exception {
    String path = CONVERSATIONS + "/" + id(good("POST", CONVERSATIONS, "{}")) + "/items?";
    assertThat(error(400, "GET", path + query, "").path("param").asText())
        .isEqualTo(query.substring(0, query.indexOf('=')));
  }

  @Test
  void bothAtOnceOrAnotherMethodAreRefused() throws Exception {
    String both = ask(",'input':'Hi','previous_response_id':'resp_1','conversation':'conv_1'");
    assertThat(error(400, "POST", RESPONSES, both).path("code").asText())
        .isEqualTo("mutually_exclusive_parameters");
    error(405, "PUT", CONVERSATIONS + "/conv_1", "");
    error(404, "GET", CONVERSATIONS + "/conv_1/things", "");
  }

  @Test
  void theOldestAreDroppedBeyondALimit() throws Exception {
    try (TestServer few = TestServer.start(s -> s.limitConversations(2, MIB, DAY))) {
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        ids.add(id(good(few, "POST", CONVERSATIONS, "{}")));
        if (i == 1) {
          good(few, "GET", CONVERSATIONS + "/" + ids.get(0), "");
        }
      }
      error(few, 404, "GET", CONVERSATIONS + "/" + ids.get(1), "");
      good(few, "GET", CONVERSATIONS + "/" + ids.get(0), "");
    }
    try (TestServer small = TestServer.start(s -> s.limitConversations(9, 1_000, DAY))) {
      String text = "long ".repeat(300);
      String body = "{'items':[{'role':'user','content':'" + text + "'}]}";
      error(
          small,
          404,
          "GET",
          CONVERSATIONS + "/" + id(good(small, "POST", CONVERSATIONS, body)),
          "");
    }
    try (TestServer brief =
        TestServer.start(s -> s.limitConversations(9, MIB, Duration.ofNanos(1)))) {
      String made = id(good(brief, "POST", CONVERSATIONS, "{}"));
      error(brief, 404, "GET", CONVERSATIONS + "/" + made, "");
    }
  }

  @Test
  void withoutStorageWhatNamesAResponseIsRefused() throws Exception {
    try (TestServer none = TestServer.start(s -> s.limitConversations(0, MIB, DAY))) {
      JsonNode answer = good(none, "POST", RESPONSES, ask(",'input':'Hello'"));
      assertThat(answer.path("store").booleanValue()).isFalse();
      for (String more :
          List.of("'store':true", "'previous_response_id':'resp_1'", "'conversation':'conv_1'")) {
        JsonNode error = error(none, 400, "POST", RESPONSES, ask(",'input':'Hi'," + more));
        assertThat(error.path("code").asText()).isEqualTo("unsupported_parameter");
      }
      error(none, 404, "POST", CONVERSATIONS, "{}");
    }
  }

  @Test
  void filesOutliveTheServerAndDamagedOnesAreNotBelieved() throws Exception {
    String kept;
    String damaged;
    String gone;
    JsonNode response;
    try (TestServer first = TestServer.start(s -> s.conversationFolder(folder))) {
      kept = id(good(first, "POST", CONVERSATIONS, "{'metadata':{'a':'b'}}"));
      damaged = id(good(first, "POST", CONVERSATIONS, "{'metadata':{'a':'b'}}"));
      gone = id(good(first, "POST", CONVERSATIONS, "{}"));
      good(first, "DELETE", CONVERSATIONS + "/" + gone, "");
      response =
          good(first, "POST", RESPONSES, ask(",'input':'Hello','conversation':'" + kept + "'"));
      assertThatThrownBy(() -> TestServer.start(s -> s.conversationFolder(folder)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another server uses the folder");
    }
    Path file = folder.resolve(damaged + ".json");
    Files.writeString(file, Files.readString(file).replace("\"b\"", "\"c\""));
    Files.writeString(folder.resolve("conv_" + "0".repeat(32) + ".json"), "{");
    try (TestServer second = TestServer.start(s -> s.conversationFolder(folder))) {
      assertThat(good(second, "GET", CONVERSATIONS + "/" + kept + "/items", "").path("data"))
          .hasSize(2);
      assertThat(good(second, "GET", RESPONSES + "/" + id(response), "")).isEqualTo(response);
      error(second, 404, "GET", CONVERSATIONS + "/" + damaged, "");
      error(second, 404, "GET", CONVERSATIONS + "/" + gone, "");
    }
    try (TestServer third =
            TestServer.start(s -> s.conversationFolder(folder).limitConversations(1, MIB, DAY));
        Stream<Path> files = Files.list(folder)) {
      assertThat(third.server().port()).isPositive();
      assertThat(files.filter(found -> found.toString().contains("_")))
          .as("the last used one, and what is damaged")
          .hasSize(3);
    }
  }

  @Test
  void encryptedFilesNameNothingAndAreReadWithTheirKeyAlone() throws Exception {
    byte[] key = new byte[32];
    key[3] = 7;
    String kept;
    try (TestServer first =
        TestServer.start(s -> s.conversationFolder(folder).encryptConversations(key))) {
      kept = id(good(first, "POST", CONVERSATIONS, "{'metadata':{'secret':'marker'}}"));
    }
    byte[] bytes = Files.readAllBytes(folder.resolve(kept + ".json"));
    assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).doesNotContain("marker", "secret");
    try (TestServer second =
        TestServer.start(s -> s.conversationFolder(folder).encryptConversations(key))) {
      assertThat(
              good(second, "GET", CONVERSATIONS + "/" + kept, "").at("/metadata/secret").asText())
          .isEqualTo("marker");
    }
    try (TestServer third = TestServer.start(s -> s.conversationFolder(folder))) {
      error(third, 404, "GET", CONVERSATIONS + "/" + kept, "");
    }
    key[3] = 8;
    try (TestServer fourth =
        TestServer.start(s -> s.conversationFolder(folder).encryptConversations(key))) {
      error(fourth, 404, "GET", CONVERSATIONS + "/" + kept, "");
    }
    assertThat(folder.resolve(kept + ".json")).hasBinaryContent(bytes);
  }
}
