package io.adapt4j.studio;

import static io.adapt4j.studio.TestWorkspace.MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** From a finished run to exports, services and versions. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end there")
class ShipTest {

  private static final String RUN = "cats-0a0b0c0d";

  @TempDir private Path folder;
  private Path workspace;
  private Studio studio;
  private Browser browser;

  @BeforeEach
  void prepare() throws Exception {
    workspace = folder.resolve("ws");
    TestWorkspace.addRun(workspace, RUN);
    start();
  }

  private void start() throws Exception {
    studio =
        Studio.builder().workspace(workspace).models(MODEL).trainer(TestTrainer.command()).start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() throws Exception {
    for (String part : browser.get("ship").body().split("href=\"/services/", -1)) {
      String id = part.split("\"", 2)[0];
      if (id.matches("[a-z0-9-]+") && !id.equals("new")) {
        browser.post("services/" + id + "/stop");
        browser.post("services/" + id + "/stop");
      }
    }
    studio.close();
  }

  private static String path(HttpResponse<String> answer) {
    return answer.uri().getPath().substring(1);
  }

  @Test
  void aFinishedRunIsExportedWithItsProof() throws Exception {
    Path rows = folder.resolve("held.jsonl");
    Files.writeString(rows, "{\"text\": \"A dog.\"}\n{\"text\": \"A cat.\"}\n");
    String data = TestWorkspace.open(browser, rows);
    assertThat(browser.get("ship").body()).contains("href=\"/ship/of?run=" + RUN);
    assertThat(browser.get("ship/of?run=" + RUN).body())
        .contains("Q4_K_M", "held.jsonl", "Adapter.at(Path.of(&quot;");

    HttpResponse<String> refused =
        browser.post("ship/export", "run", RUN, "type", "Q9", "data", "none", "rows", "0");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body())
        .contains("found &#39;Q9&#39;", "Choose data of the list", "from 1 to 10000");

    String export =
        path(browser.post("ship/export", "run", RUN, "type", "Q8_0", "data", data, "rows", "5"));
    assertThat(browser.wait(export, text -> text.contains("data-state>done")))
        .contains(
            "same next token as the original at 94.5\u00a0% of 200 positions in 5 texts",
            "4.00 → 4.20 (+5.0\u00a0%)", "150 / 160", "cats-0a0b0c0d-Q8_0.gguf");
    String command = Files.readString(workspace.resolve(export).resolve("command.json"));
    assertThat(command).contains("\"--adapter\"", "\"--verify\",\"" + rows.toRealPath());
    assertThat(browser.get("ship").body()).contains(export);
    browser.post(export + "/delete");
    assertThat(browser.get(export).statusCode()).isEqualTo(404);
  }

  @Test
  void anAdapterIsMergedByACommandThatMayFail() throws Exception {
    String merge = path(browser.post("ship/merge", "run", RUN));
    assertThat(browser.wait(merge, text -> text.contains("data-state>failed")))
        .contains("there is no such command", "Try again");
    assertThat(browser.post("ship/merge", "model", MODEL.toString()).statusCode()).isEqualTo(409);
  }

  @Test
  void aServiceAnswersAndOutlivesTheStudio() throws Exception {
    String service =
        path(
            browser.post("services", "model", MODEL.toString(), "name", "cats", "use:" + RUN, "1"));
    String page = browser.wait(service, text -> text.contains("data-state>ready"));
    Path file = workspace.resolve(service).resolve("key");
    String key = Files.readString(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(page)
        .contains(file.toString(), "HttpResponse&lt;String&gt;", "OpenAiLanguageModel", RUN)
        .doesNotContain(key);
    assertThat(ProcessHandle.allProcesses().flatMap(each -> each.info().commandLine().stream()))
        .noneMatch(line -> line.contains(key));

    String address = page.split("href=\"http", 2)[1].split("/\"", 2)[0];
    HttpRequest.Builder asked =
        HttpRequest.newBuilder(URI.create("http" + address + "/v1/completions"))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofString(
                    "{\"model\": \"" + RUN + "\", \"prompt\": \"Once\", \"max_tokens\": 4}"));
    HttpClient client = HttpClient.newHttpClient();
    assertThat(client.send(asked.build(), BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    asked.header("Authorization", "Bearer " + key);
    assertThat(client.send(asked.build(), BodyHandlers.ofString()).statusCode()).isEqualTo(200);

    studio.close();
    start();
    browser.wait(service, text -> text.contains("data-state>ready"));
    assertThat(browser.post(service + "/start").statusCode()).isEqualTo(409);
    assertThat(browser.post(service + "/delete").statusCode()).isEqualTo(409);
    browser.post(service + "/stop");
    browser.wait(service, text -> text.contains("data-state>stopped"));
    browser.post(service + "/start");
    browser.wait(service, text -> text.contains("data-state>ready"));
    browser.post(service + "/stop");
    browser.wait(service, text -> text.contains("data-state>stopped"));
    browser.post(service + "/delete");
    assertThat(file).doesNotExist();
  }

  @Test
  void aServiceThatFailsShowsWhatItSaid() throws Exception {
    String service = path(browser.post("services", "model", MODEL.toString(), "name", "broken"));
    assertThat(browser.wait(service, text -> text.contains("data-state>failed")))
        .contains("the weights cannot be read", "Start</button>");
  }

  @Test
  void problemsOfAServiceAreAtTheirFields() throws Exception {
    HttpResponse<String> refused =
        browser.post(
            "services",
            "model",
            "/nowhere",
            "name",
            "A b",
            "tokens",
            "0",
            "follow",
            "none",
            "canary",
            "101",
            "index",
            "none");
    assertThat(refused.statusCode()).isEqualTo(422);
    for (String field : List.of("model", "name", "tokens", "follow", "index")) {
      assertThat(refused.body()).contains("id=\"wrong-" + field + "\"");
    }
    assertThat(workspace.resolve("services")).doesNotExist();
  }

  @Test
  void aVersionNeedsAnExamBeforeItIsPromotedAndIsRolledBack() throws Exception {
    TestWorkspace.addRun(workspace, "dogs-0a0b0c0d");
    TestWorkspace.addExam(workspace, "exam-0a0b0c0d", "{\"candidates\": [{\"tasks\": [{}]}]}");
    browser.post("ship/register", "run", RUN, "name", "cats", "note", "the <b>first</b>");
    String page = browser.wait("registry/cats", text -> text.contains("Version 1"));
    assertThat(page)
        .contains("Production needs an exam", " disabled", "the &lt;b&gt;first", "rows.jsonl")
        .contains(MODEL.getFileName().toString());
    HttpResponse<String> refused =
        browser.post("registry/cats/promote", "version", "1", "reason", "first");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("expected an exam");
    browser.post("registry/cats/exam", "version", "1", "exam", "exam-0a0b0c0d");
    assertThat(browser.post("registry/cats/promote", "version", "1").body())
        .contains("Why: expected a text");
    browser.post("registry/cats/promote", "version", "1", "reason", "it passed");

    browser.post("ship/register", "run", "dogs-0a0b0c0d", "name", "cats", "exam", "exam-0a0b0c0d");
    browser.wait("registry/cats", text -> text.contains("Version 2"));
    browser.post(
        "registry/cats/promote", "version", "2", "alias", "challenger", "reason", "try it");
    String promoted =
        browser.post("registry/cats/promote", "version", "2", "reason", "better").body();
    assertThat(promoted).contains("From version 2 back to version 1", "production: version 1");
    assertThat(browser.get("registry").body()).contains("version 2 in production");
    browser.post("registry/cats/rollback", "reason", "complaints");
    assertThat(browser.get("registry/cats").body())
        .contains("production: rolled back from version 2 to 1", "complaints");
    assertThat(browser.get("registry").body()).contains("version 1 in production");
    assertThat(browser.get("services/new").body()).contains("cats@production");
  }

  @Test
  void aDigestIsVerifiedOnDemand() throws Exception {
    browser.post("ship/register", "run", RUN, "name", "cats");
    browser.wait("registry/cats", text -> text.contains("Version 1"));
    browser.post("registry/cats/verify", "version", "1");
    browser.wait("registry/cats", text -> text.contains("all files are as they were added"));
    try (var files = Files.walk(workspace.resolve("registry"))) {
      Path weights =
          files.filter(path -> path.toString().endsWith(".safetensors")).findFirst().orElseThrow();
      weights.toFile().setWritable(true);
      Files.writeString(weights, "damaged");
    }
    browser.post("registry/cats/verify", "version", "1");
    browser.wait("registry/cats", text -> text.contains("files have changed"));
  }

  @Test
  void rowsAreDeletedFromAVersionAndANewOneAppears() throws Exception {
    browser.post("ship/register", "run", RUN, "name", "cats");
    browser.wait("registry/cats", text -> text.contains("Version 1"));
    String page = "deletion?name=cats&version=1";
    assertThat(browser.get("registry/cats").body()).contains("deletion?name=cats&amp;version=1");
    assertThat(browser.get(page + "&value=once").body()).contains("rows.jsonl line 8");
    assertThat(browser.get(page + "&field=text&value=once").body()).contains("No such rows.");
    assertThat(browser.get("deletion?name=cats&version=2").statusCode()).isEqualTo(404);
    String[] version = {"name", "cats", "version", "1"};
    assertThat(browser.post("deletion", version).statusCode()).isEqualTo(422);
    String place = workspace.resolve("runs").resolve(RUN).resolve("rows.jsonl").toRealPath() + "";
    String deletion =
        path(
            browser.post(
                "deletion", "name", "cats", "version", "1", "at:" + place + " line 3", "1"));
    String report = browser.wait(deletion, text -> text.contains("data-state>done"));
    assertThat(report)
        .contains("<b>1</b><span>Rows deleted", "3 / 3", "href=\"/registry/cats\">cats@2</a>")
        .contains("Backups of any of these.");
    assertThat(browser.get("registry/cats").body()).contains("Version 2", deletion);
  }
}
