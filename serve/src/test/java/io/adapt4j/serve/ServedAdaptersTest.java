package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.Lora;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Adapters are asked by their names, beside the model that they are on. */
@Timeout(120)
class ServedAdaptersTest {

  private static final String PATH = "/v1/completions";
  private static final String LILY = "Once upon a time, there was a little girl named Lily.";

  @TempDir private static Path folder;

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    write("brave", 1);
    write("calm", 2);
    server = TestServer.start();
    server.languageModel().addAdapter("brave", Adapter.at(folder.resolve("brave")));
    server.languageModel().addAdapter("calm", Adapter.at(folder.resolve("calm")));
  }

  /** Writes an adapter as if it had been trained. */
  private static void write(String name, int seed) {
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(TestServer.FOLDER));
        Checkpoint checkpoint = Checkpoint.open(TestServer.FOLDER)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      try (Adaptation adaptation =
          Methods.of(Lora.rank(4)).attach(decoder, TestServer.FOLDER, seed)) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Trainable parameter : adaptation.trained()) {
          float[] values = parameter.value().toFloats();
          for (int i = 0; i < values.length; i++) {
            values[i] += (float) random.nextDouble(-0.1, 0.1);
          }
          try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
            parameter.value().copyFrom(moved);
          }
        }
        adaptation.refresh();
        adaptation.save(folder.resolve(name));
      }
    }
  }

  private static String ask(String model, int tokens) throws Exception {
    return server
        .answer(
            PATH,
            "{'model':'%s','temperature':0,'max_tokens':%d,'prompt':'%s'}"
                .formatted(model, tokens, LILY))
        .at("/choices/0/text")
        .asText();
  }

  private static GenerationOptions greedy(int tokens) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build();
  }

  @Test
  void eachNameGivesItsOwnAnswer() throws Exception {
    String base = server.languageModel().generate(LILY, greedy(30));
    String brave = server.languageModel().withAdapter("brave").generate(LILY, greedy(30));
    String calm = server.languageModel().withAdapter("calm").generate(LILY, greedy(30));
    assertThat(List.of(base, brave, calm)).doesNotHaveDuplicates();
    assertThat(ask("stories", 30)).isEqualTo(base);
    assertThat(ask("brave", 30)).isEqualTo(brave);
    assertThat(ask("calm", 30)).isEqualTo(calm);
  }

  @Test
  void theyAnswerAtTheSameTime() throws Exception {
    List<String> names = List.of("stories", "brave", "calm", "brave", "stories", "calm");
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      alone.add(ask(names.get(i), 20 + i));
    }
    ExecutorService clients = Executors.newFixedThreadPool(names.size());
    try {
      List<Future<String>> together = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i);
        int tokens = 20 + i;
        together.add(clients.submit(() -> ask(name, tokens)));
      }
      for (int i = 0; i < names.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i));
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void modelsListThemWithTheModelTheyAreOn() throws Exception {
    JsonNode models = Json.parse(server.get("/v1/models").body()).path("data");
    assertThat(models.findValuesAsText("id")).containsExactly("stories", "brave", "calm");
    assertThat(models.get(0).has("parent")).isFalse();
    assertThat(models.get(1).path("parent").asText()).isEqualTo("stories");
    assertThat(Json.parse(server.get("/v1/models/calm").body()).path("parent").asText())
        .isEqualTo("stories");
  }

  @Test
  void theyAreToldWhileTheModelIsInUse() throws Exception {
    try (TestServer.Held held = server.hold()) {
      assertThat(server.get("/v1/models").body()).contains("brave");
      assertThat(server.post(PATH, "{'model':'nobody','prompt':'A'}").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void theyComeAndGoWhileTheServerRuns() throws Exception {
    String request = "{'model':'guest','temperature':0,'max_tokens':9,'prompt':'" + LILY + "'}";
    assertThat(server.post(PATH, request).statusCode()).isEqualTo(404);
    server.languageModel().addAdapter("guest", Adapter.at(folder.resolve("brave")));
    assertThat(ask("guest", 9)).isEqualTo(ask("brave", 9));
    server.languageModel().replaceAdapter("guest", Adapter.at(folder.resolve("calm")));
    assertThat(ask("guest", 9)).isEqualTo(ask("calm", 9));
    server.languageModel().removeAdapter("guest");
    assertThat(server.post(PATH, request).statusCode()).isEqualTo(404);
  }

  private static HttpResponse<String> admin(
      TestServer asked, String method, String path, String json) throws Exception {
    return asked.send(
        asked
            .request("/v1/adapters" + path, json)
            .header("Authorization", "Bearer admin")
            .method(method, HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')))
            .build());
  }

  private static int asked(TestServer asked, String model) throws Exception {
    return asked
        .post(PATH, "{'model':'%s','max_tokens':2,'prompt':'A'}".formatted(model))
        .statusCode();
  }

  @Test
  void administratorsAddAndRemoveThem() throws Exception {
    try (TestServer own = TestServer.start(s -> s.adapterFolder(folder, "admin"))) {
      assertThat(asked(own, "brave")).isEqualTo(404);
      HttpResponse<String> added = admin(own, "POST", "", "{'name':'brave'}");
      assertThat(added.statusCode()).as(added.body()).isEqualTo(200);
      assertThat(Json.parse(added.body()).get("parent").asText()).isEqualTo("stories");
      assertThat(asked(own, "brave")).isEqualTo(200);
      JsonNode list = Json.parse(admin(own, "GET", "", "").body()).get("data");
      assertThat(list.findValuesAsText("id")).containsExactly("brave", "calm");
      assertThat(list.findValuesAsText("loaded")).containsExactly("true", "false");
      assertThat(admin(own, "POST", "", "{'name':'brave','model':'stories'}").statusCode())
          .isEqualTo(409);
      assertThat(admin(own, "DELETE", "/brave", "").statusCode()).isEqualTo(200);
      assertThat(asked(own, "brave")).isEqualTo(404);
      assertThat(admin(own, "DELETE", "/brave", "").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void nothingElseIsAddedThanWhatLiesInTheFolder(@TempDir Path inside) throws Exception {
    Path outside = folder.resolve("brave");
    Files.createSymbolicLink(inside.resolve("link"), outside);
    Files.createDirectory(inside.resolve("empty"));
    Files.createDirectory(inside.resolve("broken"));
    Files.writeString(inside.resolve("broken").resolve("adapter_config.json"), "{}");
    try (TestServer own = TestServer.start(s -> s.adapterFolder(inside, "admin"))) {
      for (String name :
          List.of("../brave", outside.toString(), "link", "empty", ".", "", "broken/../broken")) {
        HttpResponse<String> refused = admin(own, "POST", "", "{'name':'" + name + "'}");
        assertThat(refused.statusCode()).as(name + refused.body()).isEqualTo(404);
      }
      HttpResponse<String> broken = admin(own, "POST", "", "{'name':'broken'}");
      assertThat(broken.statusCode()).as(broken.body()).isEqualTo(400);
      assertThat(admin(own, "POST", "", "{'name':'broken','model':'x'}").statusCode())
          .isEqualTo(404);
      assertThat(admin(own, "POST", "", "{'name':'broken','path':'/'}").statusCode())
          .isEqualTo(400);
      own.languageModel().addAdapter("mine", Adapter.at(outside));
      assertThat(admin(own, "DELETE", "/mine", "").statusCode()).isEqualTo(404);
      assertThat(asked(own, "mine")).isEqualTo(200);
    }
  }

  @Test
  void onlyAdministratorsAddThemAndOnlyWhereTheyMay() throws Exception {
    try (TestServer own =
        TestServer.start(s -> s.apiKey("client").adapterFolder(folder, "admin"))) {
      for (String key : List.of("client", "wrong")) {
        HttpResponse<String> refused =
            own.send(
                own.request("/v1/adapters", "{'name':'brave'}")
                    .header("Authorization", "Bearer " + key)
                    .build());
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).contains("administrator");
      }
      assertThat(own.get("/v1/adapters").statusCode()).isEqualTo(401);
      assertThat(own.languageModel().adapterNames()).isEmpty();
    }
    assertThat(admin(server, "POST", "", "{'name':'calm'}").statusCode()).isEqualTo(404);
  }
}
