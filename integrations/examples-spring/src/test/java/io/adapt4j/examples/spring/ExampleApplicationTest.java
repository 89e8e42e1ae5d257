package io.adapt4j.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts the application and talks to it as a browser does. */
class ExampleApplicationTest {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static final String TOKEN = "a-token-of-this-test";

  @TempDir static Path folder;

  @AutoClose private static ConfigurableApplicationContext application;

  @BeforeAll
  static void start() throws IOException {
    Path documents = Files.createDirectory(folder.resolve("documents"));
    Files.writeString(documents.resolve("badger.md"), "# Badgers\n\nBadgers eat worms.\n");
    Files.writeString(documents.resolve("otter.md"), "# Otters\n\nOtters eat fish.\n");
    Path passages = folder.resolve("passages.jsonl");
    Files.write(
        passages,
        Files.readAllLines(Path.of("../../examples/data/shakespeare/passages.jsonl"))
            .subList(0, 16));
    application =
        SpringApplication.run(
            ExampleApplication.class,
            "--server.port=0",
            "--spring.main.banner-mode=off",
            "--adapt4j.model.path=../../examples/models/stories260K",
            "--adapt4j.generation.max-new-tokens=12",
            "--adapt4j.generation.temperature=0",
            "--example.documents=" + documents,
            "--example.passages=" + passages,
            "--example.output=" + folder.resolve("output"),
            "--example.steps=2",
            "--example.studio-token=" + TOKEN);
  }

  private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return CLIENT.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path) {
    String port = application.getEnvironment().getProperty("local.server.port");
    return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void theStudioIsAPathOfTheApplication() throws IOException, InterruptedException {
    HttpClient browser =
        HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    HttpResponse.BodyHandler<String> text = HttpResponse.BodyHandlers.ofString();
    assertThat(browser.send(request("/studio/").build(), text).statusCode()).isEqualTo(401);
    HttpResponse<String> first = browser.send(request("/studio/?token=" + TOKEN).build(), text);
    assertThat(first.uri().getPath()).isEqualTo("/studio/");
    assertThat(first.body()).contains("What do you have?", "href=\"/studio/static/studio.css\"");
    assertThat(browser.send(request("/studio/static/studio.css").build(), text).statusCode())
        .isEqualTo(200);

    HttpRequest.Builder form =
        request("/studio/")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "path=" + encoded(folder.resolve("passages.jsonl").toString())));
    assertThat(browser.send(form.build(), text).statusCode()).isEqualTo(403);
    form.header("Origin", "http://" + first.uri().getAuthority());
    HttpResponse<String> opened = browser.send(form.build(), text);
    assertThat(opened.uri().getPath()).startsWith("/studio/data/passages-jsonl-");
    assertThat(opened.statusCode()).isEqualTo(200);
  }

  @Test
  void anAnswerComesAsEvents() throws IOException, InterruptedException {
    HttpResponse<String> answer = get("/chat?message=" + encoded("Once upon a time"));
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/event-stream");
    List<String> events = answer.body().lines().filter(line -> line.startsWith("data:")).toList();
    assertThat(events).hasSizeGreaterThan(3).allMatch(line -> line.contains("\"text\":"));
    assertThat(answer.body()).contains("event:end");
  }

  @Test
  void aQuestionIsAnsweredWithPassagesAndTheirPlaces() throws IOException, InterruptedException {
    HttpResponse<String> answer = get("/ask?question=" + encoded("What do badgers eat?"));
    assertThat(answer.body()).contains("\"document\":\"badger.md\"", "Badgers eat worms.", "start");
  }

  @Test
  void aRunTrainsBesideRequestsAndItsAdapterAnswers() throws IOException, InterruptedException {
    HttpResponse<String> started =
        CLIENT.send(
            request("/training").POST(HttpRequest.BodyPublishers.noBody()).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(started.statusCode()).isEqualTo(202);
    assertThat(get("/chat?message=Once").statusCode()).isEqualTo(200);
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    String progress = get("/training").body();
    while (progress.contains("\"running\"") && System.nanoTime() < end) {
      Thread.sleep(100);
      progress = get("/training").body();
    }
    assertThat(progress).contains("\"state\":\"done\"", "\"step\":2");
    assertThat(get("/chat?message=Once").body()).contains("event:end");
  }

  @Test
  void healthAndMetersAreToldOfTheModel() throws IOException, InterruptedException {
    assertThat(get("/actuator/health").body())
        .contains("\"adapt4j\":{\"details\":{", "\"loaded\":true");
    assertThat(get("/chat?message=Once").statusCode()).isEqualTo(200);
    assertThat(get("/actuator/metrics/adapt4j.chat").body()).contains("\"COUNT\"");
  }

  @Test
  void thePageIsThere() throws IOException, InterruptedException {
    assertThat(get("/").body()).contains("Adapt4J and Spring Boot");
  }
}
