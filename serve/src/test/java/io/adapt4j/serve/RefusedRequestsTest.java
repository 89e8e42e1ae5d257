package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be answered is refused by name, in OpenAI's shape. */
@Timeout(120)
class RefusedRequestsTest {

  private static final String CHAT = "/v1/chat/completions";

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start(settings -> settings.limits(limits()));
  }

  private static ServerLimits limits() {
    return ServerLimits.defaults().withBodyBytes(20_000).withNewTokens(100).withAnswers(4);
  }

  private static String ask(String more) {
    return "{'model':'stories','messages':[{'role':'user','content':'Hi'}]" + more + "}";
  }

  private static JsonNode error(HttpResponse<String> response) throws Exception {
    JsonNode json = Json.parse(response.body());
    JsonNode error = json.path("error");
    assertThat(json).hasSize(1);
    assertThat(error.fieldNames()).toIterable().containsExactly("message", "type", "param", "code");
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    return error;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "tools|[{'type':'web_search'}]",
        "modalities|['audio']",
        "store|true",
      })
  void whatCannotBeDoneIsRefusedByName(String name, String value) throws Exception {
    HttpResponse<String> response = server.post(CHAT, ask(",'" + name + "':" + value));
    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = error(response);
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.path("param").asText()).isEqualTo(name);
    assertThat(error.path("code").asText()).isEqualTo("unsupported_parameter");
    assertThat(error.path("message").asText()).contains(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ",'presence_penalty':0,'frequency_penalty':0.0,'logit_bias':{},'logprobs':false",
        ",'response_format':{'type':'text'},'tools':[],'tool_choice':'auto','n':1",
        ",'seed':null,'stop':null,'stream':false,'stream_options':null,'temperature':null",
        ",'user':'me','metadata':{'a':'b'},'parallel_tool_calls':true,'modalities':['text']",
      })
  void whatAsksForNothingIsTaken(String more) throws Exception {
    assertThat(server.post(CHAT, ask(more)).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "temperature|3",
        "temperature|'hot'",
        "temperature|1e999999",
        "top_p|-0.1",
        "seed|1.5",
        "presence_penalty|2.5",
        "frequency_penalty|'often'",
        "logit_bias|{'7':101}",
        "logit_bias|{'seven':1}",
        "logit_bias|[1]",
        "logprobs|5",
        "top_logprobs|2",
        "top_logprobs|21",
        "n|0",
        "n|5",
        "max_tokens|101",
        "max_completion_tokens|0",
        "max_completion_tokens|99999999999",
        "stop|['']",
        "stop|7",
        "stream|'yes'",
        "response_format|{'type':'xml'}",
        "response_format|{'type':'json_schema','json_schema':{'name':'n'}}",
        "response_format|{'type':'json_schema','json_schema':{'schema':{'type':'colour'}}}",
        "tools|5",
        "tools|[{'type':'function'}]",
        "tools|[{'type':'function','function':{'name':'a b'}}]",
        "tools|[{'type':'function','function':{'name':'f','parameters':{'type':'array'}}}]",
        "tools|[{'type':'function','function':{'name':'f'}},{'type':'function','function':{'name':'f'}}]",
        "tool_choice|'required'",
        "tool_choice|'often'",
        "tool_choice|{'type':'function','function':{'name':'f'}}",
        "parallel_tool_calls|1",
        "stream_options|{'include_usage':true}",
      })
  void valuesOutOfRangeAreRefused(String name, String value) throws Exception {
    HttpResponse<String> response = server.post(CHAT, ask(",'" + name + "':" + value));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(error(response).path("param").asText()).isEqualTo(name);
  }

  @Test
  void anUnknownParameterIsRefused() throws Exception {
    JsonNode error = error(server.post(CHAT, ask(",'temprature':0")));
    assertThat(error.path("code").asText()).isEqualTo("unknown_parameter");
    assertThat(error.path("message").asText())
        .isEqualTo("Unrecognized request argument supplied: temprature");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "'Hi'",
        "[{'content':'Hi'}]",
        "[{'role':'user'}]",
        "[{'role':'pirate','content':'Hi'}]",
        "[{'role':'tool','content':'4'}]",
        "[{'role':'user','content':[{'type':'image_url','image_url':{'url':'x'}}]}]",
        "[{'role':'assistant','content':'Hi','tool_calls':[{'id':'1'}]}]",
        "[{'role':'user','content':'Hi','tool_calls':[{'id':'1','function':{'name':'f','arguments':''}}]}]",
        "[{'role':'function','name':'f','content':'4'}]",
        "[7]",
      })
  void messagesThatAreNoTextsAreRefused(String messages) throws Exception {
    HttpResponse<String> response =
        server.post(CHAT, "{'model':'stories','messages':" + messages + "}");
    assertThat(response.statusCode()).isEqualTo(400);
    error(response);
  }

  @Test
  void aPromptLongerThanTheContextIsToldAsOpenAiTellsIt() throws Exception {
    String tale = "Once upon a time. ".repeat(300);
    for (String stream : new String[] {"false", "true"}) {
      HttpResponse<String> response =
          server.post(
              CHAT,
              "{'model':'stories','stream':%s,'messages':[{'role':'user','content':'%s'}]}"
                  .formatted(stream, tale));
      assertThat(response.statusCode()).isEqualTo(400);
      JsonNode error = error(response);
      assertThat(error.path("code").asText()).isEqualTo("context_length_exceeded");
      assertThat(error.path("param").asText()).isEqualTo("messages");
      assertThat(error.path("message").asText()).contains("maximum context length is 512 tokens");
    }
  }

  @Test
  void anUnknownTokenIsRefused() throws Exception {
    HttpResponse<String> response =
        server.post("/v1/completions", "{'model':'stories','prompt':[1,99999]}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(error(response).path("message").asText()).contains("99999");
  }

  @Test
  void anUnknownModelIsNotFound() throws Exception {
    HttpResponse<String> response =
        server.post(CHAT, "{'model':'other','messages':[{'role':'user','content':'Hi'}]}");
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(error(response).path("code").asText()).isEqualTo("model_not_found");
    assertThat(server.get("/v1/models/other").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[1]", "null", "{'a':1,'a':2}", "{} {}", "{'a':NaN}"})
  void aBodyThatIsNoObjectIsRefused(String body) throws Exception {
    HttpResponse<String> response = server.post(CHAT, body);
    assertThat(response.statusCode()).isEqualTo(400);
    error(response);
  }

  @Test
  void aDeepBodyIsRefused() throws Exception {
    HttpResponse<String> response = server.post(CHAT, "[".repeat(9_000));
    assertThat(response.statusCode()).isEqualTo(400);
    error(response);
  }

  @Test
  void aBodyBeyondTheLimitIsTooLarge() throws Exception {
    HttpResponse<String> response = server.post(CHAT, ask(",'user':'" + "x".repeat(3 << 20) + "'"));
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(error(response).path("message").asText()).contains("20000 bytes");
    assertThat(server.post(CHAT, ask("")).statusCode()).isEqualTo(200);
  }

  @Test
  void onlyJsonIsRead() throws Exception {
    HttpRequest form =
        HttpRequest.newBuilder(server.uri(CHAT))
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(ask("")))
            .build();
    assertThat(server.send(form).statusCode()).isEqualTo(415);
    HttpRequest compressed =
        server.request(CHAT, ask("")).header("Content-Encoding", "gzip").build();
    assertThat(server.send(compressed).statusCode()).isEqualTo(415);
  }

  @Test
  void otherMethodsAndAddressesAreRefused() throws Exception {
    HttpResponse<String> method = server.get(CHAT);
    assertThat(method.statusCode()).isEqualTo(405);
    assertThat(method.headers().firstValue("Allow")).hasValue("POST");
    error(method);
    assertThat(server.post("/v1/models", "{}").statusCode()).isEqualTo(405);
    HttpRequest head =
        HttpRequest.newBuilder(server.uri("/health"))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    assertThat(server.send(head).statusCode()).isEqualTo(405);
    HttpResponse<String> address = server.get("/v2/chat");
    assertThat(address.statusCode()).isEqualTo(404);
    assertThat(error(address).path("code").asText()).isEqualTo("unknown_url");
  }

  @Test
  void aPromptWithoutATemplateIsRefused() throws Exception {
    try (io.adapt4j.core.LanguageModel plain =
            io.adapt4j.core.LanguageModel.load(
                io.adapt4j.core.model.ModelSource.path(TestServer.FOLDER));
        TestServer other = TestServer.start(settings -> settings.model("plain", plain))) {
      HttpResponse<String> response = other.post(CHAT, ask("").replace("stories", "plain"));
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(error(response).path("code").asText()).isEqualTo("chat_template");
      // Where the model lies is nothing for clients.
      assertThat(response.body()).doesNotContain("stories260K");
      other.server().close();
    }
  }
}
