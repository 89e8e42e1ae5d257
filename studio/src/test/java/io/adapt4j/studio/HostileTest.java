package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 500 random and malicious values in every field: nothing stored, nothing executed, no failure. */
class HostileTest {

  private static final Path MODELS = Path.of("../examples/models").toAbsolutePath().normalize();

  private static final String STORIES = TestWorkspace.MODEL.toString();
  private static final String RUN = "cats-1";

  private static final List<String> CORPUS =
      List.of(
          "<script>x9()</script>",
          "\"><img src=x onerror=x9()>",
          "'><svg/onload=x9()>",
          "</textarea><script>x9()</script>",
          "</title><script>x9()</script>",
          "javascript:x9()",
          "{{ 7*7 }}",
          "{% for x in range(9) %}x{% endfor %}",
          "${jndi:ldap://x9}",
          "../../../../etc/passwd",
          "..\\..\\windows\\win.ini",
          "/etc/shadow",
          "file:///etc/passwd",
          "C:\\",
          "\\\\host\\share",
          "%2e%2e%2f",
          "'; DROP TABLE rows; --",
          "| rm -rf /",
          "`id`",
          "$(id)",
          "\r\nSet-Cookie: x9=1",
          "-1",
          "1e999",
          "NaN",
          "99999999999999999999",
          "true",
          "null",
          "[]",
          "{}",
          "&amp;lt;b&amp;gt;",
          "\u202e\u0000",
          "\ud800",
          "🙈".repeat(300),
          "x".repeat(70_000),
          "!!javax.script.ScriptEngineManager [x9]",
          "&a [*a, *a]",
          "a: b: c",
          "- - -",
          "");

  @TempDir private Path folder;
  private final Random random = new Random(7);
  private Studio studio;
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    TestWorkspace.addRun(folder.resolve("ws"), RUN);
    studio =
        Studio.builder()
            .workspace(folder.resolve("ws"))
            .models(MODELS)
            .trainer(List.of("/nowhere/at/all"))
            .start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() {
    studio.close();
  }

  /** Fields after those of a version whose rows can be deleted. */
  private static String[] given(String... fields) {
    return Stream.concat(Stream.of("name", "cats", "version", "1"), Stream.of(fields))
        .toArray(String[]::new);
  }

  private String value() {
    String first = CORPUS.get(random.nextInt(CORPUS.size()));
    return switch (random.nextInt(4)) {
      case 0 -> first + CORPUS.get(random.nextInt(CORPUS.size()));
      case 1 ->
          random
              .ints(20, 1, 0xd7ff)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      default -> first;
    };
  }

  private String[] values(String... names) {
    List<String> fields = new ArrayList<>();
    for (String name : names) {
      fields.addAll(List.of(name, value()));
    }
    return fields.toArray(String[]::new);
  }

  private static void harmless(HttpResponse<String> answer, Object sent) {
    assertThat(answer.statusCode()).as("%s", sent).isLessThan(500);
    assertThat(answer.headers().firstValue("Set-Cookie").orElse("")).doesNotContain("x9");
    if (answer.headers().firstValue("Content-Type").orElse("").startsWith("text/html")) {
      assertThat(answer.body())
          .doesNotContain("<script>x9", "<img src=x", "<svg/onload", "href=\"javascript:");
    }
  }

  private Set<String> files() throws Exception {
    try (Stream<Path> all = Files.walk(folder)) {
      Set<String> files = new TreeSet<>();
      all.forEach(path -> files.add(folder.relativize(path).toString()));
      return files;
    }
  }

  @Test
  void nothingIsStoredOrExecutedAndNothingFails() throws Exception {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(
        file,
        "{\"prompt\": \"<script>x9()</script>\", \"completion\": \"\\\"><img src=x onerror=x9()>\"}\n"
            .repeat(20));
    String data = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(data, text -> text.contains("prompts with answers"));
    browser.wait(data + "/doctor", text -> text.contains("Equal rows"));
    String plan =
        browser.post("plans", "source", data.split("/", -1)[1]).uri().getPath().substring(1);
    browser.wait(plan, text -> !text.contains("data-live"));
    String exam =
        browser
            .post("exams", "source", data.split("/", -1)[1], "rows", "5")
            .uri()
            .getPath()
            .substring(1);
    assertThat(exam).startsWith("exams/");
    browser.post("ship/register", "run", RUN, "name", "cats");
    browser.wait("registry/cats", text -> text.contains("Version 1"));
    Set<String> before = files();
    String yaml = Files.readString(folder.resolve("ws").resolve(plan).resolve("plan.yaml"));

    for (int i = 0; i < 500; i++) {
      switch (i % 19) {
        case 0 -> {
          String[] path = values("path");
          // Existing files of this machine are the user's to open.
          if (!path[1].contains("etc")) {
            send("", path);
          }
        }
        case 1 -> send("preferences", values("back", "language", "theme"));
        case 2 -> send(data + "/doctor/fix", values("action", "of", "check"));
        case 3 ->
            send(plan + "/check", values("edited", "model", "epochs", "rank", "method", "task"));
        case 4 -> send(plan + "/check", "edited", "yaml", "yaml", value());
        case 5 -> look(data + "/mask?row=", "&model=", "&maxLength=", "&lossOn=", "&template=");
        case 13 -> send("exams", values("source", "general", "rows", "training"));
        case 14 ->
            send(exam + "/start", values("model", "folders", "chat", "with:" + value(), "yaml"));
        case 15 ->
            send(exam + "/correct", values("task", "with", "item", "answer", "view", "page"));
        case 16 -> {
          look("exams?training=", "&page=", "&done=");
          look("compare?a=", "&b=", "&c=", "&d=");
          look(exam + "?task=", "&with=", "&view=", "&page=");
        }
        case 11 -> send(data + "/doctor/test", values("test"));
        case 17 -> {
          send(data + "/doctor/tokens", values("model", "limit"));
          send(data + "/doctor/tokens", "model", STORIES, "limit", value());
          send(data + "/doctor/fix", "action", "truncate", "of", value());
          send(data + "/doctor/fix", "action", "drop_long", "of", value() + " " + STORIES);
          look(data + "/doctor?long=", "&page=");
          send("deletion", values("name", "version", "field", "value", "all"));
          send("deletion", given(values("field", "value", "at:" + value(), "erase-rows")));
          send("deletion", given("field", value(), "value", value(), "all", "1"));
          look("deletion?name=cats&version=1&field=", "&value=", "&page=");
        }
        case 12 -> send(data + "/doctor/split", values("percent"));
        case 6 -> look(data + "/doctor?check=", "&page=", "&done=");
        case 7 -> {
          send("ship/export", values("run", "model", "adapter", "type", "data", "rows"));
          send("ship/register", values("run", "model", "name", "exam", "note"));
          look("ship/of?model=", "&adapter=", "&run=");
        }
        case 8 -> {
          send("services", values("model", "name", "tokens", "follow", "canary", "index"));
          look("services/new?model=", "&name=", "&canary=", "&run=");
        }
        case 9 -> {
          send("ask", values("service", "first", "second", "source", "prompts", "tokens"));
          look("ask?service=", "&first=", "&prompts=", "&page=");
          send("documents/ask", values("service", "question"));
          send("documents/index", values("source"));
        }
        case 10 -> {
          send("drift", values("reference", "now"));
          send(addressOf("registry"), values("version", "reason", "alias", "exam"));
          send(addressOf("inbox"), values("customer"));
          send(addressOf("exports"), values("x"));
        }
        default -> {
          String name = value();
          byte[] content = value().getBytes(StandardCharsets.UTF_8);
          if (name.length() < 5000) {
            harmless(browser.upload(name + ".exe", content), name);
          }
        }
      }
    }
    assertThat(files()).isEqualTo(before);
    assertThat(Files.readString(folder.resolve("ws").resolve(plan).resolve("plan.yaml")))
        .isEqualTo(yaml);
    for (String page :
        List.of(
            "",
            data,
            data + "/doctor",
            data + "/mask",
            plan,
            "plans",
            "runs",
            exam,
            "exams",
            "compare",
            "ship",
            "ask",
            "registry",
            "deletion?name=cats&version=1",
            "drift",
            "documents",
            "services/new")) {
      harmless(browser.get(page), page);
    }
  }

  /** An address of an item with a value for its id. */
  private String addressOf(String screen) {
    String value = value();
    return screen + "/" + Browser.encoded(value.length() > 300 ? "x" : value) + "/promote";
  }

  private void send(String path, String... fields) throws Exception {
    harmless(browser.post(path, fields), Arrays.asList(fields));
  }

  private void look(String... parts) throws Exception {
    StringBuilder address = new StringBuilder();
    for (String part : parts) {
      String value = value();
      address.append(part).append(Browser.encoded(value.length() > 300 ? "x" : value));
    }
    harmless(browser.get(address.toString()), address);
  }
}
