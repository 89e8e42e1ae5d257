package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Vectors over HTTP are those of the embedder. */
@Timeout(120)
class EmbeddingsTest {

  private static final String PATH = "/v1/embeddings";
  private static final String CAT = "a cat sat";
  private static final String DOG = "a dog ran";

  private static TextEmbedder embedder;
  private static TestServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    embedder = TextEmbedder.load(ModelSource.path(SmallEmbedder.write(folder)), Precision.FP32);
    server = TestServer.start(settings -> settings.embedder("vectors", embedder));
  }

  @AfterAll
  static void stop() {
    server.close();
    embedder.close();
  }

  private static JsonNode ask(String input, String more) throws Exception {
    return server.answer(PATH, "{'model':'vectors','input':" + input + more + "}");
  }

  private static float[] floats(JsonNode vector) {
    float[] values = new float[vector.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) vector.get(i).doubleValue();
    }
    return values;
  }

  @Test
  void oneTextOrSeveralGiveTheirVectorsInOrder() throws Exception {
    JsonNode one = ask("'" + CAT + "'", "");
    assertThat(one.path("data")).hasSize(1);
    assertThat(floats(one.at("/data/0/embedding"))).isEqualTo(embedder.embed(CAT));
    JsonNode two = ask("['" + CAT + "','" + DOG + "']", "");
    List<float[]> vectors = embedder.embedAll(List.of(CAT, DOG));
    for (int i = 0; i < 2; i++) {
      assertThat(two.at("/data/" + i + "/index").asInt()).isEqualTo(i);
      assertThat(floats(two.at("/data/" + i + "/embedding"))).isEqualTo(vectors.get(i));
    }
    int tokens = embedder.countTokens(CAT) + embedder.countTokens(DOG);
    assertThat(two.path("usage"))
        .isEqualTo(Json.parse("{\"prompt_tokens\":%d,\"total_tokens\":%1$d}".formatted(tokens)));
  }

  @Test
  void base64IsThatOfFloatsInLittleEndian() throws Exception {
    JsonNode answer = ask("'" + CAT + "'", ",'encoding_format':'base64'");
    float[] values = new float[embedder.dimension()];
    ByteBuffer.wrap(Base64.getDecoder().decode(answer.at("/data/0/embedding").asText()))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    assertThat(values).isEqualTo(embedder.embed(CAT));
  }

  @Test
  void dimensionsAreThoseOfTheEmbedderOrRefused() throws Exception {
    int width = embedder.dimension();
    assertThat(ask("'" + CAT + "'", ",'dimensions':" + width).at("/data/0/embedding"))
        .hasSize(width);
    assertRefused("'" + CAT + "','dimensions':8", "dimensions");
  }

  @Test
  void aModelThatSaysSoGivesShorterVectorsOfLengthOne(@TempDir Path folder) throws Exception {
    Path config = SmallEmbedder.write(folder).resolve("config.json");
    String written = Files.readString(config);
    Files.writeString(config, written.replaceFirst("\\{", "{\"matryoshka_dimensions\": [16, 8],"));
    try (TextEmbedder nested = TextEmbedder.load(ModelSource.path(folder), Precision.FP32);
        TextEmbedder cut =
            TextEmbedder.load(
                ModelSource.path(folder),
                EmbeddingOptions.builder().precision(Precision.FP32).dimension(8).build());
        TestServer other = TestServer.start(settings -> settings.embedder("nested", nested))) {
      String ask = "{'model':'nested','input':'a cat sat','dimensions':%d}";
      float[] vector = floats(other.answer(PATH, ask.formatted(8)).at("/data/0/embedding"));
      assertThat(vector).containsExactly(cut.embed(CAT), offset(1e-6f));
      assertThat(nested.truncate(nested.embed(CAT), 8)).isEqualTo(vector);
      assertThat(nested.truncate(nested.embed(CAT), 24)).isEqualTo(nested.embed(CAT));
      HttpResponse<String> refused = other.post(PATH, ask.formatted(7));
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("are not cut to 7");
      assertThatThrownBy(() -> nested.truncate(nested.embed(CAT), 7))
          .hasMessageContaining("expected 24 or less, of [16, 8]");
    }
  }

  @Test
  void aTextThatIsTooLongIsRefusedUnlessItsEndMayBeCut() throws Exception {
    String tale = "a dog ran ".repeat(20);
    assertRefused("'" + tale + "'", "input");
    JsonNode cut = ask("'" + tale + "'", ",'truncate_prompt_tokens':-1");
    assertThat(cut.at("/usage/prompt_tokens").asInt()).isEqualTo(embedder.maxTokens());
  }

  @Test
  void whatIsNoTextIsRefused() throws Exception {
    for (String input : List.of("[]", "''", "['a','']", "[1,2]", "[[1]]", "7", "null")) {
      assertRefused(input, "input");
    }
    assertRefused("'a','encoding_format':'int8'", "encoding_format");
  }

  private static void assertRefused(String input, String param) throws Exception {
    HttpResponse<String> response = server.post(PATH, "{'model':'vectors','input':" + input + "}");
    assertThat(response.statusCode()).as(input).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo(param);
  }

  @Test
  void aModelIsAskedForWhatItGives() throws Exception {
    HttpResponse<String> vectors = server.post(PATH, "{'model':'stories','input':'a'}");
    assertThat(vectors.statusCode()).isEqualTo(400);
    assertThat(vectors.body()).contains("generates text; ask /v1/chat/completions");
    HttpResponse<String> chat =
        server.post(
            "/v1/chat/completions",
            "{'model':'vectors','messages':[{'role':'user','content':'Hi'}]}");
    assertThat(chat.statusCode()).isEqualTo(400);
    assertThat(chat.body()).contains("/v1/embeddings");
  }

  @Test
  void allModelsAreListed() throws Exception {
    JsonNode list = Json.parse(server.get("/v1/models").body());
    assertThat(list.path("object").asText()).isEqualTo("list");
    assertThat(list.path("data").findValuesAsText("id")).containsExactly("stories", "vectors");
    assertThat(Json.parse(server.get("/v1/models/vectors").body())).isEqualTo(list.at("/data/1"));
  }
}
