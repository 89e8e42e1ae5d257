package io.adapt4j.serve;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tools, thoughts and answers of a shape in responses. */
@Timeout(120)
class ResponseToolsTest {

  private static final String PATH = "/v1/responses";
  private static final String SCHEMA =
      "{'type':'object','properties':{'city':{'type':'string','enum':['Rome','Oslo']}},"
          + "'required':['city'],'additionalProperties':false}";
  private static final String TOOLS =
      ",'tools':[{'type':'function','name':'weather','strict':true,'parameters':" + SCHEMA + "}]";
  private static final String ONE =
      TOOLS + ",'tool_choice':'required','parallel_tool_calls':false,'max_output_tokens':100";

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @BeforeEach
  void useTools() {
    use(ToolCallsTest.TEMPLATE);
  }

  private static void use(String template) {
    server.languageModel().useAnyChatTemplate(ChatTemplate.of(template, Map.of()));
  }

  private static String ask(String more) {
    return "{'model':'stories','seed':1,'input':'Warm?'" + more + "}";
  }

  private static List<JsonNode> events(String json) throws Exception {
    List<JsonNode> events = new ArrayList<>();
    for (String part : server.post(PATH, json).body().strip().split("\n\n", -1)) {
      events.add(Json.parse(part.substring(part.indexOf("data: ") + 6)));
    }
    return events;
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.path("type").asText()).distinct().toList();
  }

  private static String deltas(List<JsonNode> events) {
    StringBuilder all = new StringBuilder();
    events.forEach(event -> all.append(event.path("delta").asText("")));
    return all.toString();
  }

  @Test
  void aCallIsAnItemOfTheOutput() throws Exception {
    JsonNode answer = server.answer(PATH, ask(ONE));
    assertThat(answer.path("status").asText()).isEqualTo("completed");
    assertThat(answer.path("output")).hasSize(1);
    JsonNode call = answer.at("/output/0");
    assertThat(call.path("type").asText()).isEqualTo("function_call");
    assertThat(call.path("status").asText()).isEqualTo("completed");
    assertThat(call.path("id").asText()).startsWith("fc_");
    assertThat(call.path("call_id").asText()).startsWith("call_");
    assertThat(call.path("name").asText()).isEqualTo("weather");
    JsonNode arguments = Json.parse(call.path("arguments").asText());
    assertThat(arguments).hasSize(1);
    assertThat(arguments.path("city").asText()).isIn("Rome", "Oslo");
    assertThat(answer.path("tool_choice").asText()).isEqualTo("required");
    assertThat(answer.path("parallel_tool_calls").booleanValue()).isFalse();
    assertThat(answer.at("/tools/0/name").asText()).isEqualTo("weather");
  }

  @Test
  void aStreamTellsOfTheCallAsItComes() throws Exception {
    JsonNode whole = server.answer(PATH, ask(ONE));
    List<JsonNode> events =
        events(
            ask(ONE + ",'stream':true")
                .replace("'required',", "{'type':'function','name':'weather'},"));
    assertThat(types(events))
        .containsExactly(
            words(
                "response.created response.in_progress response.output_item.added",
                "response.function_call_arguments.delta response.function_call_arguments.done",
                "response.output_item.done response.completed"));
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).path("sequence_number").asInt()).isEqualTo(i);
    }
    JsonNode begun = events.get(2).path("item");
    assertThat(begun.path("status").asText()).isEqualTo("in_progress");
    assertThat(begun.path("arguments").asText()).isEmpty();
    String arguments = whole.at("/output/0/arguments").asText();
    assertThat(deltas(events)).isEqualTo(arguments);
    JsonNode done = events.get(events.size() - 3);
    assertThat(done.path("arguments").asText()).isEqualTo(arguments);
    assertThat(done.path("name").asText()).isEqualTo("weather");
    assertThat(done.path("item_id").asText()).isEqualTo(begun.path("id").asText());
    assertThat(events.get(events.size() - 1).at("/response/output/0"))
        .isEqualTo(events.get(events.size() - 2).path("item"));
  }

  @Test
  void aCallThatRunsOutOfTokensIsIncomplete() throws Exception {
    JsonNode answer = server.answer(PATH, ask(ONE.replace(":100", ":35")));
    assertThat(answer.path("status").asText()).isEqualTo("incomplete");
    assertThat(answer.at("/output/0/type").asText()).isEqualTo("function_call");
    assertThat(answer.at("/output/0/status").asText()).isEqualTo("incomplete");
  }

  @Test
  void callsAndResultsAreReadAsTheModelWroteThem() throws Exception {
    JsonNode answer =
        server.answer(
            PATH,
            "{'model':'stories','temperature':0,'max_output_tokens':8,'input':["
                + "{'role':'user','content':'Warm?'},"
                + "{'type':'message','role':'assistant','content':'Well.'},"
                + "{'type':'function_call','id':'fc_1','call_id':'a','name':'weather',"
                + "'arguments':'{\\'city\\':\\'Rome\\'}','status':'completed'},"
                + "{'type':'function_call','call_id':'b','name':'weather','arguments':'{}'},"
                + "{'type':'function_call_output','call_id':'a','output':'yes'},"
                + "{'type':'function_call_output','call_id':'b','output':"
                + "[{'type':'input_text','text':'no'}]}]}");
    Generation alone =
        server
            .languageModel()
            .chat(
                List.of(
                    ChatMessage.user("Warm?"),
                    ChatMessage.assistant("Well.")
                        .with(
                            "tool_calls",
                            List.of(call("a", "{\"city\":\"Rome\"}"), call("b", "{}"))),
                    ChatMessage.tool("yes").with("tool_call_id", "a"),
                    ChatMessage.tool("no").with("tool_call_id", "b")),
                GenerationOptions.greedy().toBuilder().maxNewTokens(8).build(),
                piece -> {});
    assertThat(answer.at("/output/0/content/0/text").asText()).isEqualTo(alone.text());
    assertThat(answer.at("/usage/input_tokens").asInt()).isEqualTo(alone.promptTokens());
  }

  private static Map<String, Object> call(String id, String arguments) {
    return Map.of(
        "id",
        id,
        "type",
        "function",
        "function",
        Map.of("name", "weather", "arguments", arguments));
  }

  @Test
  void aTextHasTheShapeThatIsAskedFor() throws Exception {
    String form =
        ",'max_output_tokens':100,'text':{'format':{'type':'json_schema','name':'answer','schema':"
            + SCHEMA
            + "}}";
    JsonNode answer = server.answer(PATH, ask(form));
    JsonNode said = Json.parse(answer.at("/output/0/content/0/text").asText());
    assertThat(said.path("city").asText()).isIn("Rome", "Oslo");
    assertThat(answer.at("/text/format/name").asText()).isEqualTo("answer");
    assertThat(Json.parse(deltas(events(ask(form + ",'stream':true"))))).isEqualTo(said);
    JsonNode object =
        server.answer(
            PATH, ask(",'max_output_tokens':20,'text':{'format':{'type':'json_object'}}"));
    assertThat(object.at("/output/0/content/0/text").asText()).startsWith("{");
  }

  @Test
  void thoughtsAreAnItemBeforeTheText() throws Exception {
    use(
        ToolCallsTest.TEMPLATE.replace(
            "'<|assistant|>' }}", "'<|assistant|><think>' }}{# </think> #}"));
    String more = ",'max_output_tokens':12,'temperature':0";
    JsonNode answer = server.answer(PATH, ask(more));
    assertThat(answer.at("/output/0/type").asText()).isEqualTo("reasoning");
    String thought = answer.at("/output/0/content/0/text").asText();
    assertThat(thought).isNotEmpty();
    List<JsonNode> events = events(ask(more + ",'stream':true"));
    assertThat(deltas(events)).isEqualTo(thought);
    assertThat(types(events))
        .contains("response.reasoning_text.delta", "response.reasoning_text.done");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'tools':[{'type':'web_search'}]|tools",
        "'tools':[{'type':'function','function':{'name':'f'}}]|tools",
        "'tool_choice':'required'|tool_choice",
        "'tool_choice':{'type':'allowed_tools'}|tool_choice",
        "'text':{'format':{'type':'json_schema'}}|text",
        "'text':{'format':{'type':'grammar'}}|text",
        "'text':7|text",
        "'input':[{'type':'function_call_output','call_id':'a','output':'b'}]|input[0].call_id",
        "'input':[{'type':'function_call','call_id':'a','name':'b'}]|input[0].arguments",
      })
  void whatIsNoToolOrShapeIsRefused(String more, String name) throws Exception {
    String input = more.startsWith("'input'") ? "" : "'input':'Hi',";
    HttpResponse<String> response = server.post(PATH, "{'model':'stories'," + input + more + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo(name);
  }
}
