package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Exams: asked in processes of their own, compared, corrected; forgetting and comparison of runs.
 */
class ExamTest {

  private static final Path MODEL =
      Path.of("../examples/models/stories260K").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;
  private String data;
  private String stories;

  @BeforeEach
  void start() throws Exception {
    studio =
        Studio.builder()
            .workspace(folder.resolve("ws"))
            .models(MODEL)
            .trainer(TestTrainer.command())
            .start();
    browser = Browser.of(studio);
    StringBuilder rows = new StringBuilder();
    StringBuilder texts = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append(
          "{\"prompt\": \"%s\", \"completion\": \" dogs\", \"who\": \"%s\"}\n"
              .formatted(
                  (i % 2 == 0
                          ? "Tim has %d <b>cats</b>. Ben has"
                          : "Sue sells %d bicycles. Joe buys")
                      .formatted(i * 7919),
                  i % 2 == 0 ? "Tim" : "Ben"));
      texts.append("{\"text\": \"Once there were ").append(i * 7907).append(" birds.\"}\n");
    }
    data = open("rows.jsonl", rows.toString());
    stories = open("stories.jsonl", texts.toString());
  }

  @AfterEach
  void close() {
    studio.close();
  }

  private String open(String name, String rows) throws Exception {
    Path file = folder.resolve(name);
    Files.writeString(file, rows);
    String page = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> !text.contains("data-live"));
    return page.split("/", -1)[1];
  }

  private String run(int steps) throws Exception {
    String plan = browser.post("plans", "source", data).uri().getPath().substring(1);
    String yaml =
        """
        model: %s
        data: {path: %s, split: {train: 0.6, validation: 0.4, seed: 42}}
        method: full
        maxSteps: %d
        batchSize: 4
        learningRate: 1e-3
        """
            .formatted(MODEL, folder.resolve("rows.jsonl"), steps);
    String run = browser.post(plan + "/run", "edited", "yaml", "yaml", yaml).uri().getPath();
    browser.wait(run.substring(1), text -> text.contains("data-state>done</span>"));
    return run.substring(1);
  }

  private String exam(String... fields) throws Exception {
    HttpResponse<String> page = browser.post("exams", fields);
    assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
    return page.uri().getPath().substring(1);
  }

  private static boolean isDone(String page) {
    return page.contains("data-state>done</span>") && page.contains("<h2>Scores</h2>");
  }

  private static String yaml(String page) {
    return page.split("name=\"yaml\"", 2)[1].split(">\n", 2)[1].split("</textarea>", 2)[0].replace(
        "&quot;", "\"");
  }

  @Test
  void aRunIsExaminedOnRowsItHeldBackAndAnswersAreCorrected() throws Exception {
    String run = run(12);
    String id = run.split("/", -1)[1];
    String exam = exam("source", data, "general", stories, "rows", "10");
    String draft = browser.get(exam).body();
    assertThat(draft)
        .contains("held back from training", "name=\"with:" + id + "\" value=\"1\" checked")
        .contains("20 questions, 2 models", "general: true", "slices: [&quot;who&quot;]");

    browser.post(
        exam + "/start", "model", MODEL.toString(), "with:" + id, "1", "yaml", yaml(draft));
    String results = browser.wait(exam, ExamTest::isDone);
    assertThat(results)
        .contains("Base model", "rows.jsonl", "<svg class=\"interval a\"", "better, ")
        .contains("Wrong before, right now", "compared with this")
        .containsPattern("p (=|&lt;) [01]\\.\\d{3}")
        .contains("Tim has", "&lt;b&gt;cats")
        .doesNotContain("<b>cats");
    assertThat(browser.get(exam + "?view=groups").body()).contains("<h3>who</h3>", "Ben");

    // A model of stories has nothing right to lose.
    assertThat(browser.get(exam + "?view=lost").body()).contains("<p class=\"quiet\">None.</p>");

    clusters(exam, results);
    corrects(exam);
    String forgotten = browser.get(exam + "/forgetting").body();
    assertThat(forgotten).contains("What is kept", "stories", "% to ", "Plan with KL");
    String with = forgotten.split("name=\"with\" value=\"", 2)[1].split("\"", 2)[0];
    HttpResponse<String> plan = browser.post(exam + "/remedy", "with", with, "remedy", "kl");
    assertThat(yaml(plan.body())).contains("regularize", "klToBase", "old.jsonl");
    assertThat(plan.body()).containsPattern("data-problem=\"yaml\" role=\"alert\"></span>");
    assertThat(browser.post(exam + "/remedy", "with", with, "remedy", "x").statusCode())
        .isEqualTo(404);

    // What is shown is in files.
    studio.close();
    studio = Studio.builder().workspace(folder.resolve("ws")).models(MODEL).start();
    browser = Browser.of(studio);
    assertThat(browser.wait(exam, text -> text.contains("<h2>Scores</h2>")))
        .contains("Corrections kept as data: 1.");
    browser.post(exam + "/delete");
    assertThat(browser.get(exam).statusCode()).isEqualTo(404);
    assertThat(files("exams")).isZero();
  }

  /** The base model is wrong on questions of both kinds. */
  private void clusters(String exam, String results) throws Exception {
    Matcher base = Pattern.compile("<option value=\"([^\"]+)\"[^>]*>Base model<").matcher(results);
    assertThat(base.find()).isTrue();
    String of = exam + "?with=" + base.group(1) + "&view=group";
    HttpRequest.Builder part = browser.request(of + "s").header("X-Part", "1");
    assertThat(browser.send(part).body()).startsWith("<p class=\"card busy\" data-live=");

    String groups = browser.wait(of + "s", text -> text.contains("id=\"group2\""));

    assertThat(groups)
        .containsPattern(
            "\\d+ of 10 wrong answers\\. Of \\d+ questions with “\\w+”, 100.0% are wrong")
        .contains("name=\"view\" value=\"groups\"", "&lt;b&gt;cats", "bicycles. Joe")
        .doesNotContain("id=\"group3\"", "<b>cats");
    String first = browser.get(of + "1").body().split("<dl class=\"texts\">", 2)[1];
    assertThat(first.contains("bicycles.")).isNotEqualTo(first.contains("cats"));
    assertThat(folder.resolve("ws/examinations/" + exam.split("/", -1)[1]))
        .isDirectoryContaining("glob:**clusters-" + base.group(1) + ".json");
    assertThat(browser.get(of + "9").body()).contains("<p class=\"quiet\">None.</p>");
  }

  private void corrects(String exam) throws Exception {
    String gained = browser.get(exam + "?view=gained").body();
    Matcher item =
        Pattern.compile("name=\"with\" value=\"([^\"]+)\".*?name=\"item\" value=\"([^\"]+)\"")
            .matcher(gained);
    assertThat(item.find()).isTrue();
    String[] fields = {
      "task", "rows", "with", item.group(1), "item", item.group(2), "view", "gained", "answer", " "
    };
    HttpResponse<String> refused = browser.post(exam + "/correct", fields);
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("Enter the right answer");

    fields[9] = "two <b>dogs</b>";
    for (int twice = 0; twice < 2; twice++) {
      assertThat(browser.post(exam + "/correct", fields).body())
          .contains("Added to the data", "Corrections kept as data: 1.", "corrected</span>");
    }
    String source = gained(exam).split("href=\"/data/", 2)[1].split("\"", 2)[0];
    assertThat(browser.wait("data/" + source, text -> !text.contains("data-live")))
        .contains("prompts with answers", "two &lt;b&gt;dogs");
  }

  private String gained(String exam) throws Exception {
    return browser.get(exam + "?view=gained").body();
  }

  private long files(String kind) throws Exception {
    Path path = folder.resolve("ws").resolve(kind);
    if (!Files.exists(path)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.count();
    }
  }

  @Test
  void runsAreComparedBySettingsCurvesAndExamsOfBoth() throws Exception {
    assertThat(browser.get("compare").body()).contains("Two runs are needed");
    String first = run(6).split("/", -1)[1];
    String second = run(12).split("/", -1)[1];
    String address = "compare?a=" + first + "&b=" + second;
    assertThat(browser.get(address).body())
        .contains("<td class=\"mono\">maxSteps</td><td class=\"mono\">6</td>")
        .contains("No exam asked two of these runs", "<polyline class=\"b\"", "Peak memory")
        .doesNotContain("<td class=\"mono\">learningRate", "<td class=\"mono\">output");
    assertThat(browser.get("compare?a=" + first).statusCode()).isEqualTo(422);

    String exam = exam("source", data, "rows", "10");
    String yaml = yaml(browser.get(exam).body());
    browser.post(
        exam + "/start",
        "model",
        MODEL.toString(),
        "with:" + first,
        "1",
        "with:" + second,
        "1",
        "yaml",
        yaml);
    browser.wait(exam, ExamTest::isDone);
    assertThat(browser.wait(address, text -> text.contains("Both answered the same")))
        .contains("2: rows.jsonl #2", "Difference from 1: rows.jsonl", "better, ");
  }

  @Test
  void problemsStandAtTheirFieldsAndNothingIsKept() throws Exception {
    HttpResponse<String> none = browser.post("exams", "source", "nowhere", "rows", "0");
    assertThat(none.statusCode()).isEqualTo(422);
    assertThat(none.body()).contains("Choose data with rows.", "Enter a whole number from 1 to");
    assertThat(folder.resolve("ws/examinations")).doesNotExist();

    String exam = exam("source", data, "rows", "10");
    String yaml = yaml(browser.get(exam).body());
    HttpResponse<String> refused =
        browser.post(
            exam + "/start",
            "model",
            "/nowhere",
            "folders",
            "/nowhere/<b>x\n" + folder,
            "yaml",
            yaml.replace("answer: answer", "answr: answer"));
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body())
        .contains("Choose a model of this machine.", "/nowhere/&lt;b&gt;x is no folder with")
        .contains("Line\u00a0", "answr", "Did you mean &#39;answer&#39;?")
        .doesNotContain("<b>x");
    refused =
        browser.post(exam + "/start", "model", MODEL.toString(), "chat", "1", "yaml", "tasks: []");
    assertThat(refused.body()).contains("has no chat template", "expected a list of tasks");
    assertThat(files("exams")).isZero();
    assertThat(yaml(browser.get(exam).body())).isEqualTo(yaml);
    assertThat(browser.post(exam + "/check", "model", "", "yaml", "a").body())
        .contains("\"model\":\"Choose a model of this machine.\"");
    assertThat(files("examinations/" + exam.split("/", -1)[1])).isEqualTo(3);
  }

  @Test
  void anExamIsStoppedResumedAndCopied() throws Exception {
    String exam = exam("source", data, "rows", "10");
    String yaml = yaml(browser.get(exam).body());
    browser.post(exam + "/start", "model", MODEL.toString(), "yaml", yaml);
    browser.post(exam + "/stop");
    assertThat(browser.wait(exam, text -> text.contains("data-state>stopped</span>")))
        .contains("Resume");
    assertThat(browser.post(exam + "/save", "yaml", yaml).statusCode()).isEqualTo(409);
    browser.post(exam + "/resume");
    browser.wait(exam, text -> text.contains("<h2>Scores</h2>"));
    String copy = browser.post(exam + "/copy").uri().getPath().substring(1);
    assertThat(yaml(browser.get(copy).body())).isEqualTo(yaml);
    assertThat(browser.get("exams").body()).contains("not started", "badge good\">done");
  }
}
