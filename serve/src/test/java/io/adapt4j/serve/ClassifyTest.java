package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Classification;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.mcp.McpClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classes over HTTP, and as a tool, are those of the classifier. */
@Timeout(120)
class ClassifyTest {

  private static final String PATH = "/v1/classify";
  private static final List<String> TEXTS = List.of("a cat sat", "a dog", "cat ran");

  private static TextClassifier classifier;
  private static TestServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    Path model = SmallEmbedder.writeClassifier(folder);
    classifier = TextClassifier.load(ModelSource.path(model), Precision.FP32);
    server = TestServer.start(settings -> settings.classifier("mood", classifier));
  }

  @AfterAll
  static void stop() {
    server.close();
    classifier.close();
  }

  @Test
  void eachTextHasItsClassAndTheScoresOfAll() throws Exception {
    JsonNode answer =
        server.answer(PATH, "{'model':'mood','input':['a cat sat','a dog','cat ran']}");
    assertThat(answer.path("model").asText()).isEqualTo("mood");
    assertThat(answer.path("data")).hasSize(TEXTS.size());
    for (int i = 0; i < TEXTS.size(); i++) {
      JsonNode entry = answer.path("data").get(i);
      Classification found = classifier.classify(TEXTS.get(i));
      assertThat(entry.path("index").asInt()).isEqualTo(i);
      assertThat(entry.path("label").asText()).isEqualTo(found.label());
      assertThat(entry.path("num_classes").asInt()).isEqualTo(3);
      assertThat(entry.path("labels").toString()).isEqualTo("[\"neg\",\"neu\",\"pos\"]");
      for (int c = 0; c < 3; c++) {
        assertThat(entry.path("probs").get(c).asDouble())
            .isCloseTo(found.scores().get(c).score(), within(1e-6));
      }
    }
  }

  @Test
  void aTextAloneNeedsNoList() throws Exception {
    JsonNode data = server.answer(PATH, "{'model':'mood','input':'a cat','user':'u'}").path("data");
    assertThat(data.findValuesAsText("label"))
        .containsExactly(classifier.classify("a cat").label());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'model':'mood','input':[]}",
        "{'model':'mood','input':['']}",
        "{'model':'mood','input':[7]}",
        "{'model':'mood'}",
        "{'model':'mood','input':'a','activation':false}",
        "{'model':'stories','input':'a'}",
      })
  void whatCannotBeDoneIsRefused(String request) throws Exception {
    HttpResponse<String> response = server.post(PATH, request);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText())
        .isIn("input", "activation", "model");
  }

  @Test
  void agentsClassifyByATool() throws Exception {
    try (McpClient client = McpClient.url("ours", server.uri("/mcp")).connect()) {
      assertThat(client.tools()).extracting(Tool::name).containsExactly("generate", "classify");
      JsonNode results =
          Json.parse(client.call("classify", Map.of("texts", TEXTS))).path("results");
      assertThat(results).hasSize(TEXTS.size());
      for (int i = 0; i < TEXTS.size(); i++) {
        Classification found = classifier.classify(TEXTS.get(i));
        assertThat(results.get(i).path("label").asText()).isEqualTo(found.label());
        assertThat(results.get(i).at("/scores/neu").asDouble())
            .isCloseTo(found.score("neu"), within(1e-6));
      }
      assertThat(client.call("classify", Map.of("texts", List.of()))).startsWith("Error: ");
    }
  }
}
