package io.adapt4j.upkeep.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MLflow's protocol, against a server that answers as MLflow's does. */
class MlflowRegistryTest {

  @TempDir Path temp;

  private final Server server = new Server();
  private HttpServer http;
  private MlflowRegistry mlflow;
  private Registry registry;
  private ModelVersion version;

  @BeforeEach
  void start() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/api/2.0/mlflow/", server::handle);
    http.start();
    mlflow =
        MlflowRegistry.at(URI.create("http://localhost:" + http.getAddress().getPort() + "/"))
            .token("secret");
    registry = Registry.open(temp.resolve("registry"));
    version =
        registry.add(NewVersion.of("support", Samples.adapter(temp.resolve("run"), "weights")));
  }

  @AfterEach
  void stop() {
    http.stop(0);
  }

  @Test
  void aVersionIsPublishedAndFetched() {
    MlflowVersion published = mlflow.publish(version, Optional.of("run1"));

    assertThat(published.version()).isEqualTo("1");
    assertThat(published.status()).isEqualTo("READY");
    assertThat(published.tags())
        .containsEntry("adapt4j.version", "support@1")
        .containsEntry("adapt4j.digest", "sha256:" + version.digest());
    assertThat(mlflow.version("support", "1")).isEqualTo(published);

    Registry other = Registry.open(temp.resolve("other"));
    assertThat(mlflow.fetch(published, other).pinned()).isEqualTo(version.pinned());
    assertThat(server.authorized).isTrue();
    assertThat(server.exists).isTrue();
    assertThat(server.versions.get(0).path("run_id").asText()).isEqualTo("run1");
  }

  @Test
  void aliasesAreSetReadAndDeleted() {
    mlflow.publish(version, Optional.empty());
    MlflowVersion second = mlflow.publish(version, Optional.empty());

    mlflow.setAlias("support", "production", "1");
    mlflow.setAlias("support", "production", "2");

    assertThat(mlflow.byAlias("support", "production").version()).isEqualTo(second.version());
    assertThat(mlflow.version("support", "2").aliases()).containsExactly("production");
    mlflow.deleteAlias("support", "production");
    assertThatThrownBy(() -> mlflow.byAlias("support", "production"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("INVALID_PARAMETER_VALUE")
        .hasMessageContaining("alias production not found");
  }

  @Test
  void allPagesOfVersionsAreRead() {
    for (int i = 0; i < 5; i++) {
      mlflow.publish(version, Optional.empty());
    }

    assertThat(mlflow.versions("support"))
        .extracting(MlflowVersion::version)
        .containsExactly("1", "2", "3", "4", "5");
    assertThatThrownBy(() -> mlflow.versions("a' or name!='")).hasMessageContaining("no quotes");
  }

  @Test
  void filesThatAreNotThoseOfTheDigestAreRefused() throws Exception {
    MlflowVersion published = mlflow.publish(version, Optional.empty());
    Samples.adapter(version.folder(), "changed");
    Registry other = Registry.open(temp.resolve("other"));

    assertThatThrownBy(() -> mlflow.fetch(published, other))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(version.digest());
    assertThat(other.versions("support")).isEmpty();

    MlflowVersion elsewhere =
        mlflow.createVersion("support", URI.create("s3://b/k"), Optional.empty(), Map.of());
    assertThatThrownBy(() -> mlflow.fetch(elsewhere, other))
        .hasMessageContaining("expected a local path, found s3://b/k");
  }

  @Test
  void errorsNameServerAndRoute() throws Exception {
    assertThatThrownBy(() -> mlflow.version("support", "7"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("model-versions/get: status 404, RESOURCE_DOES_NOT_EXIST");
    http.stop(0);
    assertThatThrownBy(() -> mlflow.version("support", "7"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("Check that the server runs");
    assertThatThrownBy(() -> MlflowRegistry.at(URI.create("http://u:p@localhost")))
        .isInstanceOf(RegistryException.class)
        .message()
        .doesNotContain("u:p");
  }

  /** The part of MLflow's protocol that the client uses. */
  private static final class Server {

    private static final int PAGE = 2;

    private final List<ObjectNode> versions = new ArrayList<>();
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private boolean exists;
    private volatile boolean authorized;

    void handle(HttpExchange exchange) throws IOException {
      authorized = "Bearer secret".equals(exchange.getRequestHeaders().getFirst("Authorization"));
      String route = exchange.getRequestURI().getPath().substring("/api/2.0/mlflow/".length());
      String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      JsonNode request = body.isEmpty() ? query(exchange.getRequestURI()) : Json.parse(body);
      ObjectNode answer = answer(exchange.getRequestMethod() + " " + route, request);
      int status = answer.path("status").asInt(200);
      byte[] bytes = Json.compact(answer).getBytes(UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }

    private static JsonNode query(URI uri) {
      ObjectNode query = JsonNodeFactory.instance.objectNode();
      for (String part : uri.getRawQuery().split("&", -1)) {
        String[] pair = part.split("=", 2);
        query.put(pair[0], URLDecoder.decode(pair[1], UTF_8));
      }
      return query;
    }

    private ObjectNode answer(String route, JsonNode request) {
      ObjectNode answer = JsonNodeFactory.instance.objectNode();
      switch (route) {
        case "POST registered-models/create" -> {
          if (exists) {
            return error(400, "RESOURCE_ALREADY_EXISTS", "it exists");
          }
          exists = true;
          answer.putObject("registered_model").set("name", request.path("name"));
        }
        case "POST model-versions/create" -> {
          ObjectNode version = request.deepCopy();
          version.put("version", String.valueOf(versions.size() + 1)).put("status", "READY");
          versions.add(version);
          answer.set("model_version", version);
        }
        case "GET model-versions/get" -> {
          return found(request.path("version").asText());
        }
        case "GET model-versions/search" -> {
          int from = request.path("page_token").asInt(0);
          ArrayNode page = answer.putArray("model_versions");
          versions.stream().skip(from).limit(PAGE).forEach(page::add);
          if (from + PAGE < versions.size()) {
            answer.put("next_page_token", String.valueOf(from + PAGE));
          }
        }
        case "POST registered-models/alias" ->
            aliases.put(request.path("alias").asText(), request.path("version").asText());
        case "DELETE registered-models/alias" -> aliases.remove(request.path("alias").asText());
        case "GET registered-models/alias" -> {
          String alias = request.path("alias").asText();
          return aliases.containsKey(alias)
              ? found(aliases.get(alias))
              : error(
                  400,
                  "INVALID_PARAMETER_VALUE",
                  "Registered model alias " + alias + " not found.");
        }
        default -> {
          return error(404, "ENDPOINT_NOT_FOUND", route);
        }
      }
      return answer;
    }

    private ObjectNode found(String number) {
      for (ObjectNode version : versions) {
        if (version.path("version").asText().equals(number)) {
          ObjectNode copy = version.deepCopy();
          ArrayNode names = copy.putArray("aliases");
          aliases.forEach(
              (alias, to) -> {
                if (to.equals(number)) {
                  names.add(alias);
                }
              });
          ObjectNode answer = JsonNodeFactory.instance.objectNode();
          answer.set("model_version", copy);
          return answer;
        }
      }
      return error(404, "RESOURCE_DOES_NOT_EXIST", "no version " + number);
    }

    private static ObjectNode error(int status, String code, String message) {
      return JsonNodeFactory.instance
          .objectNode()
          .put("status", status)
          .put("error_code", code)
          .put("message", message);
    }
  }
}
