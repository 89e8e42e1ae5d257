package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRows;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command that serves a model. */
@Timeout(120)
class ServeTest {

  /** What the JVM ends with after SIGTERM. */
  private static final int TERMINATED = 143;

  private static final Pattern ADDRESS = Pattern.compile("http://[\\w.:\\[\\]]+");

  @TempDir private Path folder;
  private Process process;

  private void start(String... arguments) throws IOException {
    start(CommandsTest.MODEL, arguments);
  }

  private void start(Path model, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Adapt4j.class.getName(),
                "serve",
                model.toString(),
                "--port",
                "0"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output.txt").toFile());
    builder.environment().put("SERVE_TEST_KEY", "a-key");
    process = builder.start();
  }

  @AfterEach
  void end() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private String said() throws IOException {
    return Files.readString(folder.resolve("output.txt"));
  }

  private URI address() throws Exception {
    while (process.isAlive()) {
      Matcher address = ADDRESS.matcher(said());
      if (said().contains("curl ") && address.find()) {
        return URI.create(address.group());
      }
      Thread.sleep(50);
    }
    throw new IllegalStateException(said());
  }

  private static HttpResponse<String> ask(URI address, String key) throws Exception {
    return ask(address, key, "stories260K");
  }

  private static HttpResponse<String> ask(URI address, String key, String model) throws Exception {
    return askWith(address, key, "\"model\":\"" + model + "\",\"max_tokens\":5");
  }

  private static HttpResponse<String> askWith(URI address, String key, String fields)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + key)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{" + fields + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aModelWithAnImageTowerReadsPictures() throws Exception {
    start(ChatTest.VISION, "--max-new-tokens", "8");
    URI address = address();
    assertThat(said()).contains("Serving idefics3, which reads pictures, at " + address);
    String photo =
        Base64.getEncoder()
            .encodeToString(Files.readAllBytes(ChatTest.VISION.resolve("images/photo_37x53.png")));
    String part = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,%s\"}}";
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"idefics3\",\"messages\":[{\"role\":\"user\",\"content\":["
                        + part.formatted(photo)
                        + "]}]}"))
            .build();
    HttpResponse<String> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  @Test
  void itAnswersUntilItIsToldToEnd() throws Exception {
    start(
        "--chat-template",
        "chatml",
        "--api-key-env",
        "SERVE_TEST_KEY",
        "--access-log",
        "--cache-type",
        "q8",
        "--free-windows");
    URI address = address();
    assertThat(said())
        .contains("Serving stories260K at " + address)
        .contains("curl " + address + "/v1/chat/completions")
        .contains("Bearer $SERVE_TEST_KEY")
        .doesNotContain("a-key");
    assertThat(ask(address, "wrong").statusCode()).isEqualTo(401);
    HttpResponse<String> answer = ask(address, "a-key");
    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode json = Output.parsed(answer.body());
    assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(5);
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said()).isEqualTo(TERMINATED);
    assertThat(said())
        .contains("POST /v1/chat/completions 200")
        .contains("Stopping when what runs is answered.");
  }

  @Test
  void answersWithADraftAreThoseWithout() throws Exception {
    String model = CommandsTest.MODEL.toString();
    start("--chat-template", "chatml", "--draft", model, "--draft-tokens", "3");
    URI address = address();
    assertThat(answer(address, "\"temperature\":0")).isEqualTo(generated());
    assertThat(answer(address, "\"temperature\":0.8,\"seed\":7"))
        .isEqualTo(generated("--temperature", "0.8", "--seed", "7"));
  }

  private static String answer(URI address, String options) throws Exception {
    String fields = "\"model\":\"stories260K\",\"max_tokens\":40," + options;
    String answer = askWith(address, "a-key", fields).body();
    return Output.parsed(answer).at("/choices/0/message/content").asText();
  }

  /** The same answer by another command. */
  private static String generated(String... options) {
    List<Object> words = new ArrayList<>(List.of("generate", CommandsTest.MODEL, "--chat", "Hi"));
    words.addAll(List.of("--chat-template", "chatml", "--max-new-tokens", "40", "--json"));
    words.addAll(List.of(options));
    String text = CommandsTest.execute(words.toArray()).json().path("text").asText();
    assertThat(text).isNotEmpty();
    return text;
  }

  @Test
  void promptsAndConversationsOutliveIt() throws Exception {
    String prompts = folder.resolve("prompts").toString();
    String stored = folder.resolve("stored").toString();
    String[] options = {
      "--chat-template",
      "chatml",
      "--exact-reuse",
      "--prompt-cache-folder",
      prompts,
      "--prompt-cache-gib",
      "1",
      "--conversations",
      stored,
      "--conversation-hours",
      "1",
      "--storage-key-file",
      Files.writeString(folder.resolve("key"), "0123456789abcdef".repeat(4) + "\n").toString()
    };
    start(options);
    JsonNode first = respond("\"input\": \"Tell me of Lily and of her cat and dog.\"");
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    start(options);
    JsonNode second =
        respond(
            "\"input\": \"Why?\", \"previous_response_id\": \"" + first.path("id").asText() + "\"");
    assertThat(second.at("/usage/input_tokens_details/cached_tokens").asInt()).isGreaterThan(30);
  }

  private JsonNode respond(String input) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address().resolve("/v1/responses"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\": \"stories260K\", \"max_output_tokens\": 5, " + input + "}"))
            .build();
    HttpResponse<String> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Output.parsed(answer.body());
  }

  @Test
  void anIndexAnAdapterAndThePageAreServedBesideTheModel() throws Exception {
    Path handbook = Files.createDirectory(folder.resolve("handbook"));
    Files.writeString(handbook.resolve("parcels.md"), "Parcels to Norway take nine days.");
    Path index = folder.resolve("manual");
    assertThat(CommandsTest.execute("rag", "index", handbook, "--index", index).code()).isZero();
    Path run = CommandsTest.write(folder, 4);
    assertThat(CommandsTest.execute("train", run, "--no-report").code()).isZero();
    Path adapter = folder.resolve("run").resolve("best");
    start(
        "--index",
        index.toString(),
        "--named-adapter",
        "tuned=" + adapter,
        "--max-new-tokens",
        "20");
    URI address = address();
    assertThat(said()).contains("Try it in a browser at " + address + "/");
    HttpClient client = HttpClient.newHttpClient();
    assertThat(get(client, address.resolve("/")).statusCode()).isEqualTo(200);
    JsonNode models = Output.parsed(get(client, address.resolve("/v1/models")).body());
    assertThat(models.path("data").findValuesAsText("id"))
        .containsExactly("stories260K", "manual", "tuned");
  }

  private static HttpResponse<String> get(HttpClient client, URI address) throws Exception {
    return client.send(
        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void answersAndFeedbackAreRecorded() throws Exception {
    Path log = folder.resolve("feedback");
    start("--chat-template", "chatml", "--feedback", log.toString(), "--feedback-consent");
    URI address = address();
    String id = Output.parsed(ask(address, "none").body()).path("id").asText();
    HttpRequest feedback =
        HttpRequest.newBuilder(address.resolve("/v1/feedback"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"id\":\"%s\",\"rating\":\"down\",\"correction\":\"Hello.\",\"user\":\"ann\"}"
                        .formatted(id)))
            .build();
    HttpClient client = HttpClient.newHttpClient();
    assertThat(client.send(feedback, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
    FeedbackRows rows = FeedbackRules.all().rows(FeedbackLog.open(log).judged());
    assertThat(rows.answers())
        .singleElement()
        .satisfies(row -> assertThat(row.entries()).contains(id))
        .satisfies(row -> assertThat(row.versions()).containsExactly("stories260K"))
        .satisfies(row -> assertThat(row.example().toString()).contains("Hi", "Hello."));
    assertThat(rows.preferences()).hasSize(1);
  }

  @Test
  void anAliasOfARegistryIsFollowed() throws Exception {
    Registry registry = Registry.open(folder.resolve("registry"));
    Change change = Change.by("anna", "").allowingNoExam();
    for (int steps : new int[] {4, 8}) {
      Path at = Files.createDirectory(folder.resolve("steps" + steps));
      Path run = CommandsTest.write(at, steps);
      assertThat(CommandsTest.execute("train", run, "--no-report").code()).isZero();
      registry.add(NewVersion.of("support", at.resolve("run").resolve("last")));
    }
    registry.promote(registry.resolve("support@1"), change);
    registry.promote(registry.resolve("support@2"), Registry.CHALLENGER, change);
    start(
        ("--registry %s --follow support@production --chat-template chatml --any-chat-template"
                + " --canary 0 --shadow 1 --roll-back 0.01 --feedback-consent --feedback")
            .formatted(registry.folder())
            .concat(" " + folder.resolve("feedback"))
            .split(" "));
    URI address = address();
    assertThat(said()).contains("Serving support at ");
    assertThat(version(address)).isEqualTo(registry.resolve("support@1").exact());
    registry.promote(registry.resolve("support@2"), change);
    while (!version(address).equals(registry.resolve("support@2").exact())) {
      Thread.sleep(100);
    }
    assertThat(said()).contains("Serving support@2+sha256:");
    assertThat(Files.readString(folder.resolve("feedback/feedback.jsonl")))
        .contains("-shadow\"", registry.resolve("support@1").exact());
    assertThat(registry.folder().resolve("guards"))
        .isDirectoryContaining("glob:**/support-ratings.json")
        .isDirectoryContaining("glob:**/support-failures.json");
  }

  private static String version(URI address) throws Exception {
    HttpResponse<String> answer = ask(address, "none", "support");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-adapt4j-version").orElseThrow();
  }

  @Test
  void wrongOptionsOfARegistryAreToldAtOnce() throws Exception {
    Object model = CommandsTest.MODEL;
    assertThat(CommandsTest.execute("serve", model, "--canary", "0.1").err())
        .startsWith("--registry, --follow: expected both");
    assertThat(
            CommandsTest.execute(
                    "serve", model, "--registry", folder, "--follow", "a@b", "--shadow", "2")
                .err())
        .startsWith("--shadow: expected from 0 to 1");
    assertThat(CommandsTest.execute("serve", model, "--registry", folder, "--follow", "a@b").err())
        .contains("no version 'b' of 'a'");
  }

  @Test
  void thePageCanBeLeftOut() throws Exception {
    start("--no-page");
    URI address = address();
    assertThat(said()).doesNotContain("in a browser");
    assertThat(get(HttpClient.newHttpClient(), address.resolve("/")).statusCode()).isEqualTo(404);
  }

  @Test
  void whatCannotBeServedIsToldAtOnce() {
    CommandsTest.Result index =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--index", folder.resolve("nothing"));
    assertThat(index.code()).isEqualTo(ExitCode.USAGE);
    assertThat(index.err()).contains("--index: expected the folder of an index");
    CommandsTest.Result vectors =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--index-embedder", folder);
    assertThat(vectors.err()).contains("--index-embedder: expected --index beside it");
    CommandsTest.Result type =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--cache-type", "q4");
    assertThat(type.code()).isEqualTo(ExitCode.USAGE);
    assertThat(type.err()).contains("--cache-type: expected plain or q8, found q4");
    CommandsTest.Result open =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--host", "0.0.0.0");
    assertThat(open.code()).isEqualTo(ExitCode.USAGE);
    assertThat(open.err()).contains("--api-key-env", "--allow-anyone");
    CommandsTest.Result key =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--api-key-env", "NO_SUCH_VARIABLE_9");
    assertThat(key.code()).isEqualTo(ExitCode.USAGE);
    assertThat(key.err()).contains("NO_SUCH_VARIABLE_9, which is not set");
    CommandsTest.Result adapters =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--adapter-folder", folder);
    assertThat(adapters.code()).isEqualTo(ExitCode.USAGE);
    assertThat(adapters.err()).startsWith("--adapter-folder and --admin-key-env: expected both");
    CommandsTest.Result none =
        CommandsTest.execute(
            "serve",
            CommandsTest.MODEL,
            "--adapter-folder",
            folder.resolve("nothing"),
            "--admin-key-env",
            "PATH");
    assertThat(none.code()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).startsWith("--adapter-folder: expected a folder of adapters");
    CommandsTest.Result days =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--feedback-days", "3");
    assertThat(days.err()).startsWith("--feedback-days: expected only with --feedback");
    CommandsTest.Result port = CommandsTest.execute("serve", CommandsTest.MODEL, "--port", "70000");
    assertThat(port.code()).isEqualTo(ExitCode.USAGE);
    assertThat(port.err()).startsWith("--port: expected 0 to 65535");
    CommandsTest.Result tokens =
        CommandsTest.execute("serve", CommandsTest.MODEL, "--max-new-tokens", "0");
    assertThat(tokens.err()).startsWith("--max-new-tokens: expected at least 1");
  }
}
