package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests of the largest size that may be sent. */
@Timeout(120)
class LongRequestsTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String LONG = "Tim ran home. ".repeat(270_000);

  @TempDir private static Path folder;

  private static TextEmbedder embedder;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    SmallEmbedder.write(folder);
    embedder = TextEmbedder.load(ModelSource.path(folder));
    server =
        TestServer.start(
            s ->
                s.embedder("vectors", embedder)
                    .reranker("ranker", (query, documents) -> new double[documents.size()]));
  }

  @AfterAll
  static void stop() {
    server.close();
    embedder.close();
  }

  private static JsonNode refused(String path, String json) throws Exception {
    HttpResponse<String> response = server.post(path, json);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    return Json.parse(response.body()).get("error");
  }

  private static void assertTooLong(JsonNode error, String param) {
    assertThat(error.get("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(error.get("param").asText()).isEqualTo(param);
    assertThat(error.get("message").asText())
        .contains("maximum context length is 512 tokens")
        .contains("at least")
        .hasSizeLessThan(300);
  }

  @Test
  void aPromptThatIsTooLongIsRefusedWithTheLimit() throws Exception {
    assertTooLong(
        refused("/v1/completions", "{'model':'stories','prompt':'" + LONG + "'}"), "prompt");
    assertTooLong(
        refused(
            CHAT,
            "{'model':'stories','messages':[{'role':'user','content':'" + LONG + "'}],'n':4}"),
        "messages");
    assertTooLong(
        refused("/v1/responses", "{'model':'stories','stream':true,'input':'" + LONG + "'}"),
        "input");
  }

  @Test
  void aPromptOfOneEndlessWordIsRefused() throws Exception {
    assertTooLong(
        refused("/v1/completions", "{'model':'stories','prompt':'" + "x".repeat(3_900_000) + "'}"),
        "prompt");
  }

  @Test
  void aPromptOfTooManyTokenIdsIsRefused() throws Exception {
    String ids = String.join(",", Collections.nCopies(500_000, "5"));
    JsonNode error = refused("/v1/completions", "{'model':'stories','prompt':[" + ids + "]}");
    assertThat(error.get("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").asText()).contains("resulted in 500000 tokens");
  }

  @Test
  void aConversationOfThousandsOfTurnsIsRefused() throws Exception {
    String turn = "{'role':'user','content':'a'},{'role':'assistant','content':'b'},";
    String messages = turn.repeat(30_000) + "{'role':'user','content':'c'}";
    assertTooLong(refused(CHAT, "{'model':'stories','messages':[" + messages + "]}"), "messages");
  }

  @Test
  void thousandsOfCallsInAResponseAreRead() throws Exception {
    String call =
        "{'type':'function_call','call_id':'c','name':'f','arguments':'{}'},".repeat(20_000);
    JsonNode error =
        refused(
            "/v1/responses",
            "{'model':'stories','input':[" + call + "{'role':'user','content':'c'}]}");
    assertTooLong(error, "input");
  }

  @Test
  void aTextToEmbedThatIsTooLongIsRefusedOrCut() throws Exception {
    JsonNode error = refused("/v1/embeddings", "{'model':'vectors','input':'" + LONG + "'}");
    assertThat(error.get("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").asText()).contains("at least");
    JsonNode cut =
        server.answer(
            "/v1/embeddings",
            "{'model':'vectors','truncate_prompt_tokens':-1,'input':'" + LONG + "'}");
    assertThat(cut.at("/usage/prompt_tokens").asInt()).isEqualTo(embedder.maxTokens());
  }

  @Test
  void documentsAreRankedInTurnsAndAllAreRanked() throws Exception {
    String documents = String.join(",", Collections.nCopies(200, "'d'"));
    JsonNode ranked =
        server.answer(
            "/v1/rerank", "{'model':'ranker','query':'q','documents':[" + documents + "]}");
    assertThat(ranked.get("results")).hasSize(200);
  }
}
