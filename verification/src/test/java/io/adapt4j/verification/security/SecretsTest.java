package io.adapt4j.verification.security;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.common.base.Throwables;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.text.OpenAiCompatible;
import io.adapt4j.rag.embed.OpenAiEmbeddings;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A key that we are given stands in nothing that we write or say: exceptions, texts of objects,
 * logs, files. The servers here send back the header that they got, as some proxies do.
 */
class SecretsTest {

  private static final String SECRET = "hf_Sesame0123456789";

  private static HttpServer echo;
  private static String address;

  @BeforeAll
  static void start() throws IOException {
    echo = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    echo.createContext(
        "/",
        exchange -> {
          int status = Integer.parseInt(exchange.getRequestURI().getPath().split("/", -1)[1]);
          byte[] body =
              ("{\"error\": {\"message\": \"no: "
                      + exchange.getRequestHeaders().getFirst("Authorization")
                      + "\"}}")
                  .getBytes(UTF_8);
          exchange.getResponseHeaders().add("X-Error-Message", new String(body, UTF_8));
          exchange
              .getResponseHeaders()
              .add("Location", "ftp://" + exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    echo.start();
    address = "http://127.0.0.1:" + echo.getAddress().getPort() + "/";
  }

  @AfterAll
  static void stop() {
    echo.stop(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 302, 400, 401, 403, 404, 429, 500})
  void theHubsTokenIsInNoMessageAndNoFile(int status, @TempDir Path cache) throws IOException {
    Hub hub =
        Hub.builder().endpoint(address + status).token(SECRET).cache(cache).retries(0).build();
    Throwable failure = catchThrowable(() -> hub.download("a/b"));
    assertThat(failure).isNotNull();
    assertNoSecret(List.of(hub.toString(), Throwables.getStackTraceAsString(failure)));
    assertNoSecret(contents(cache));
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 302, 400, 401, 403, 404, 429, 500})
  void anApiKeyIsInNoMessage(int status) {
    OpenAiCompatible client =
        OpenAiCompatible.at(URI.create(address + status))
            .model("m")
            .apiKey(SECRET)
            .retries(0)
            .build();
    Throwable failure =
        catchThrowable(
            () -> client.generate(List.of(ChatMessage.user("Hi")), GenerationOptions.defaults()));
    OpenAiEmbeddings embeddings =
        OpenAiEmbeddings.at(URI.create(address + status))
            .model("m")
            .dimension(2)
            .apiKey(SECRET)
            .retries(0)
            .build();
    Throwable other = catchThrowable(() -> embeddings.passages(List.of("text")));
    assertThat(failure).isNotNull();
    assertThat(other).isNotNull();
    assertNoSecret(
        List.of(
            client.toString(),
            client.identity().toString(),
            Throwables.getStackTraceAsString(failure),
            embeddings.identity(),
            Throwables.getStackTraceAsString(other)));
  }

  @Test
  void theServersKeyIsInNoAnswerAndNoLog() throws Exception {
    List<String> said = new ArrayList<>();
    try (LanguageModel model =
        LanguageModel.load(
            ModelSource.path(ExampleFiles.example("models/stories260K")), Precision.FP32)) {
      model.useChatTemplate(ChatTemplate.named("chatml"));
      try (ModelServer server =
          ModelServer.builder()
              .model("stories", model)
              .apiKey(SECRET)
              .accessLog(entry -> said.add(entry.toString()))
              .start()) {
        HttpClient client = HttpClient.newHttpClient();
        for (String key : List.of(SECRET, SECRET + "x", "y")) {
          for (String path :
              List.of("v1/models", "v1/none", "metrics", "health", "v1/completions")) {
            HttpRequest request =
                HttpRequest.newBuilder(server.address().resolve("/" + path))
                    .header("Authorization", "Bearer " + key)
                    .build();
            HttpResponse<String> response =
                client.send(request, HttpResponse.BodyHandlers.ofString());
            said.add(response.body() + response.headers().map());
          }
        }
      }
    }
    assertThat(said).hasSizeGreaterThan(20);
    assertNoSecret(said);
  }

  private static List<String> contents(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<String> contents = new ArrayList<>();
      for (Path file : files.toList()) {
        contents.add(file.toString());
        if (Files.isRegularFile(file)) {
          contents.add(Files.readString(file, ISO_8859_1));
        }
      }
      return contents;
    }
  }

  private static void assertNoSecret(List<String> texts) {
    assertThat(texts).noneMatch(text -> text.contains(SECRET));
  }
}
