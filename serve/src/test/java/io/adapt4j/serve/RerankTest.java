package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.Locale;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents are ordered as the clients of Jina's and Cohere's APIs ask. */
@Timeout(120)
class RerankTest {

  private static final String PATH = "/v1/rerank";
  private static final String ASK =
      "{'model':'ranker','query':'cat','documents':['a dog','A CAT',{'text':'a cat and a cat'}]";

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    // Counts how often a document has the query.
    server =
        TestServer.start(
            settings ->
                settings.reranker(
                    "ranker",
                    (query, documents) ->
                        documents.stream()
                            .map(text -> text.toLowerCase(Locale.ROOT))
                            .mapToDouble(text -> text.split(query, -1).length - 1 - 0.25)
                            .toArray()));
  }

  @Test
  void theBestComeFirstWithTheirPlaces() throws Exception {
    JsonNode results = server.answer(PATH, ASK + "}").path("results");
    assertThat(results.findValuesAsText("index")).containsExactly("2", "1", "0");
    assertThat(results.get(0).path("relevance_score").asDouble()).isCloseTo(1.75, within(1e-12));
    assertThat(results.get(2).path("relevance_score").asDouble()).isCloseTo(-0.25, within(1e-12));
    assertThat(results.get(0).has("document")).isFalse();
  }

  @Test
  void onlyAsManyAsAreAskedAndTheirTextsWhereAsked() throws Exception {
    JsonNode results =
        server.answer(PATH, ASK + ",'top_n':1,'return_documents':true}").path("results");
    assertThat(results).hasSize(1);
    assertThat(results.get(0).at("/document/text").asText()).isEqualTo("a cat and a cat");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'model':'ranker','query':'cat','documents':[]}",
        "{'model':'ranker','query':'cat','documents':[7]}",
        "{'model':'ranker','query':'cat','documents':['a'],'top_n':0}",
        "{'model':'ranker','query':'cat','documents':['a'],'max_tokens_per_doc':8}",
        "{'model':'ranker','documents':['a']}",
        "{'model':'stories','query':'cat','documents':['a']}",
      })
  void whatCannotBeDoneIsRefused(String request) throws Exception {
    HttpResponse<String> response = server.post(PATH, request);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText())
        .isIn("documents", "top_n", "max_tokens_per_doc", "query", "model");
  }

  @Test
  void modelsTellWhatTheyAreAskedFor() throws Exception {
    JsonNode models = Json.parse(server.get("/v1/models").body()).path("data");
    assertThat(models.get(0).path("endpoints").toString())
        .isEqualTo("[\"/v1/chat/completions\",\"/v1/responses\",\"/v1/completions\"]");
    assertThat(models.get(1).path("endpoints").toString()).isEqualTo("[\"/v1/rerank\"]");
  }
}
