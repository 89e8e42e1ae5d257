package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas that would take hours: answered, or refused by keyword and place, and never kept on. */
@Timeout(120)
class HostileSchemasTest {

  private static final String CHAT = "/v1/chat/completions";

  @AutoClose private static final TestServer server = TestServer.start();

  private static HttpResponse<String> asked(String schema) throws Exception {
    return server.send(
        server
            .request(
                CHAT,
                "{'model':'stories','max_tokens':2,'messages':[{'role':'user','content':'Hi'}],"
                    + "'response_format':{'type':'json_schema','json_schema':"
                    + "{'name':'s','schema':"
                    + schema
                    + "}}}")
            .build());
  }

  private static void assertAnsweredOrRefused(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isIn(200, 400);
    if (response.statusCode() == 400) {
      JsonNode error = Json.parse(response.body()).get("error");
      assertThat(error.get("param").asText()).isEqualTo("response_format");
      assertThat(error.get("message").asText()).contains("schema");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'const':1e99999999,'multipleOf':3}",
        "{'type':'string','pattern':'^\\\\p{L}{4000}$'}",
        "{'minimum':1e-399}",
        "{'oneOf':[{'const':1e999999999},{'const':2}]}",
      })
  void aSchemaThatIsSmallAndHardIsAnsweredOrRefused(String schema) throws Exception {
    assertAnsweredOrRefused(asked(schema));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'uniqueItems':true",
        "'unevaluatedItems':false",
        "'maxContains':1",
        "'format':'idn-email'",
        "'maxlength':3",
        "'$dynamicRef':'#a'"
      })
  void aKeywordThatCannotBeEnforcedIsNamed(String keyword) throws Exception {
    HttpResponse<String> response = asked("{'properties':{'a':{" + keyword + "}}}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/message").asText())
        .contains("#/properties/a/" + keyword.substring(1, keyword.indexOf('\'', 1)));
  }

  @Test
  void aSchemaOfManyPatternsIsAnsweredOrRefused() throws Exception {
    String patterns =
        IntStream.range(0, 300)
            .mapToObj(i -> "{'type':'string','pattern':'^.*a" + i + ".*b" + i + ".*$'}")
            .collect(Collectors.joining(","));
    assertAnsweredOrRefused(asked("{'oneOf':[" + patterns + "]}"));
  }

  @Test
  void aToolWithAHardSchemaIsAnsweredOrRefused() throws Exception {
    HttpResponse<String> response =
        server.post(
            CHAT,
            "{'model':'stories','max_tokens':2,'messages':[{'role':'user','content':'Hi'}],"
                + "'tools':[{'type':'function','function':{'name':'f','strict':true,'parameters':"
                + "{'type':'object','additionalProperties':false,'required':['a'],'properties':"
                + "{'a':{'const':1e99999999,'multipleOf':3}}}}}]}");
    assertThat(response.statusCode()).as(response.body()).isIn(200, 400);
    if (response.statusCode() == 400) {
      assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo("tools");
    }
  }
}
