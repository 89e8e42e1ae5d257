package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tools, thoughts and answers of a shape over HTTP. */
@Timeout(120)
class ToolCallsTest {

  private static final String PATH = "/v1/chat/completions";

  /** Short, since the model reads 512 tokens and a character is one of them or more. */
  static final String TEMPLATE =
      """
      {%- for t in tools or [] %}{{ t.function.name }}({{ t.function.parameters | tojson }})
      {% endfor %}
      {%- for m in messages %}
      {{- '<|' ~ m.role ~ '|>' ~ (m.content or '') }}
      {%- for c in m.tool_calls or [] %}
      {{- '<tool_call>\\n{"name": "' ~ c.function.name ~ '", "arguments": ' }}
      {{- (c.function.arguments | tojson) ~ '}\\n</tool_call>' }}
      {%- endfor %}
      {{- '<|end|>' }}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}""";

  private static final String TOOLS =
      ",'tools':[{'type':'function','function':{'name':'weather','strict':true,'parameters':"
          + "{'type':'object','properties':{'city':{'type':'string','enum':['Rome','Oslo']}},"
          + "'required':['city'],'additionalProperties':false}}}]";
  private static final String ONE =
      TOOLS + ",'tool_choice':'required','parallel_tool_calls':false,'max_tokens':100";

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @BeforeEach
  void useTools() {
    use(TEMPLATE);
  }

  private static void use(String template) {
    server.languageModel().useAnyChatTemplate(ChatTemplate.of(template, Map.of()));
  }

  private static String ask(String more) {
    return "{'model':'stories','seed':1,'messages':[{'role':'user','content':'Warm?'}]"
        + more
        + "}";
  }

  private static void assertWeather(JsonNode function) throws Exception {
    assertThat(function.path("name").asText()).isEqualTo("weather");
    JsonNode arguments = Json.parse(function.path("arguments").asText());
    assertThat(arguments).hasSize(1);
    assertThat(arguments.path("city").asText()).isIn("Rome", "Oslo");
  }

  @Test
  void aCallIsAPartOfTheMessage() throws Exception {
    JsonNode answer = server.answer(PATH, ask(ONE));
    JsonNode choice = answer.at("/choices/0");
    assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
    assertThat(choice.at("/message/content").isNull()).isTrue();
    assertThat(choice.at("/message/tool_calls")).hasSize(1);
    JsonNode call = choice.at("/message/tool_calls/0");
    assertThat(call.path("id").asText()).startsWith("call_");
    assertThat(call.path("type").asText()).isEqualTo("function");
    assertWeather(call.path("function"));
  }

  @Test
  void eachChoiceHasItsCalls() throws Exception {
    JsonNode answer = server.answer(PATH, ask(ONE + ",'n':3"));
    assertThat(answer.path("choices")).hasSize(3);
    for (JsonNode choice : answer.path("choices")) {
      assertWeather(choice.at("/message/tool_calls/0/function"));
    }
  }

  @Test
  void aStreamTellsOfACallAsItComes() throws Exception {
    JsonNode whole = server.answer(PATH, ask(ONE));
    List<JsonNode> events = server.events(PATH, ask(ONE + ",'stream':true"));
    assertThat(events.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    JsonNode begun = events.get(1).at("/choices/0/delta/tool_calls/0");
    assertThat(begun.path("index").asInt()).isZero();
    assertThat(begun.path("id").asText()).startsWith("call_");
    assertThat(begun.at("/function/name").asText()).isEqualTo("weather");
    StringBuilder arguments = new StringBuilder();
    for (JsonNode event : events) {
      JsonNode delta = event.at("/choices/0/delta");
      assertThat(delta.path("content").asText("")).isEmpty();
      arguments.append(delta.at("/tool_calls/0/function/arguments").asText(""));
    }
    assertThat(arguments.toString())
        .isEqualTo(whole.at("/choices/0/message/tool_calls/0/function/arguments").asText());
    assertThat(events.size()).isGreaterThan(3);
    assertThat(events.get(events.size() - 1).at("/choices/0/finish_reason").asText())
        .isEqualTo("tool_calls");
  }

  @Test
  void aCallThatIsCutOffIsTextWithItsReason() throws Exception {
    String cut = ask(ONE.replace("100", "30"));
    JsonNode message = server.answer(PATH, cut).at("/choices/0/message");
    String text = message.path("content").asText();
    assertThat(text).startsWith("<tool_call>\n{\"name\": \"weather\"");
    assertThat(message.has("tool_calls")).isFalse();
    JsonNode errors = message.path("tool_call_errors");
    assertThat(errors).hasSize(1);
    assertThat(errors.at("/0/reason").asText()).isEqualTo("cut_off");
    assertThat(errors.at("/0/text").asText()).isEqualTo(text);

    List<JsonNode> events = server.events(PATH, cut.replace("'max", "'stream':true,'max"));
    assertThat(events.stream().map(each -> each.at("/choices/0/delta/content").asText("")))
        .containsSequence(text);
    assertThat(events.get(events.size() - 2).at("/choices/0/delta/tool_call_errors"))
        .isEqualTo(errors);
  }

  @Test
  void aStreamOfSeveralCallsNumbersThem() throws Exception {
    int most = 0;
    for (int seed = 1; seed <= 8; seed++) {
      String several =
          ask(TOOLS + ",'tool_choice':'required','max_tokens':150")
              .replace("'seed':1", "'seed':" + seed);
      JsonNode calls = server.answer(PATH, several).at("/choices/0/message/tool_calls");
      StringBuilder[] arguments = new StringBuilder[calls.size()];
      Arrays.setAll(arguments, call -> new StringBuilder());
      for (JsonNode event : server.events(PATH, several.replace("'max", "'stream':true,'max"))) {
        for (JsonNode call : event.at("/choices/0/delta/tool_calls")) {
          arguments[call.path("index").asInt()].append(call.at("/function/arguments").asText(""));
        }
      }
      for (int call = 0; call < calls.size(); call++) {
        assertThat(arguments[call].toString())
            .isEqualTo(calls.get(call).at("/function/arguments").asText());
      }
      most = Math.max(most, calls.size());
    }
    assertThat(most).isGreaterThan(1);
  }

  @Test
  void aNamedToolIsCalled() throws Exception {
    JsonNode answer =
        server.answer(
            PATH,
            ask(ONE).replace("'required',", "{'type':'function','function':{'name':'weather'}},"));
    assertWeather(answer.at("/choices/0/message/tool_calls/0/function"));
  }

  @Test
  void resultsAreReadInTheNextRequest() throws Exception {
    String talk =
        "{'model':'stories','temperature':0,'max_tokens':8,'tool_choice':'none','messages':["
            + "{'role':'user','content':'Warm?'},{'role':'assistant','content':null,'tool_calls':"
            + "[{'id':'call_1','type':'function','function':{'name':'weather','arguments':'{}'}}]},"
            + "{'role':'tool','tool_call_id':'call_1','content':'yes'}]"
            + TOOLS
            + "}";
    JsonNode answer = server.answer(PATH, talk);
    assertThat(answer.at("/choices/0/message/content").asText()).isNotEmpty();
    assertThat(answer.at("/choices/0/message").has("tool_calls")).isFalse();
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isGreaterThan(60);
  }

  @Test
  void aCallThatRunsOutOfTokensIsCut() throws Exception {
    JsonNode answer = server.answer(PATH, ask(ONE.replace(":100", ":12")));
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    assertThat(answer.at("/choices/0/message").has("tool_calls")).isFalse();
  }

  @Test
  void anAnswerHasTheShapeThatIsAskedFor() throws Exception {
    String schema =
        "{'type':'object','properties':{'warm':{'type':'boolean'},'city':{'enum':['Rome']}},"
            + "'required':['warm','city'],'additionalProperties':false}";
    String format =
        ",'max_tokens':100,'response_format':{'type':'json_schema','json_schema':"
            + "{'name':'answer','schema':"
            + schema
            + "}}";
    JsonNode answer = server.answer(PATH, ask(format));
    JsonNode said = Json.parse(answer.at("/choices/0/message/content").asText());
    assertThat(said.path("warm").isBoolean()).isTrue();
    assertThat(said.path("city").asText()).isEqualTo("Rome");
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    StringBuilder streamed = new StringBuilder();
    for (JsonNode event : server.events(PATH, ask(format + ",'stream':true"))) {
      streamed.append(event.at("/choices/0/delta/content").asText(""));
    }
    assertThat(Json.parse(streamed.toString())).isEqualTo(said);
    JsonNode object =
        server.answer(PATH, ask(",'max_tokens':20,'response_format':{'type':'json_object'}"));
    assertThat(object.at("/choices/0/message/content").asText()).startsWith("{");
  }

  @Test
  void thoughtsAreApartFromTheText() throws Exception {
    use(TEMPLATE.replace("'<|assistant|>' }}", "'<|assistant|><think>' }}{# </think> #}"));
    String more = ",'max_tokens':12,'temperature':0";
    JsonNode answer = server.answer(PATH, ask(more));
    String thought = answer.at("/choices/0/message/reasoning_content").asText();
    assertThat(thought).isNotEmpty();
    assertThat(answer.at("/choices/0/message/content").asText()).isEmpty();
    StringBuilder streamed = new StringBuilder();
    for (JsonNode event : server.events(PATH, ask(more + ",'stream':true"))) {
      streamed.append(event.at("/choices/0/delta/reasoning_content").asText(""));
    }
    assertThat(streamed.toString()).isEqualTo(thought);
  }

  @Test
  void aSchemaThatCannotBeEnsuredIsRefused() throws Exception {
    HttpResponse<String> response =
        server.post(
            PATH,
            ask(ONE.replace("'enum':['Rome','Oslo']", "'unevaluatedItems':{'type':'number'}")));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = Json.parse(response.body()).path("error");
    assertThat(error.path("param").asText()).isEqualTo("tools");
    assertThat(error.path("message").asText()).contains("'weather'", "unevaluatedItems");
    // Without a promise it is taken, as by OpenAI.
    assertThat(
            server
                .post(
                    PATH,
                    ask(ONE.replace(
                            "'enum':['Rome','Oslo']", "'unevaluatedItems':{'type':'number'}"))
                        .replace("'strict':true,", "")
                        .replace(":100", ":5"))
                .statusCode())
        .isEqualTo(200);
  }
}
