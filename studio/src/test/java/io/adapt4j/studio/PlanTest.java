package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans: form and YAML are one, problems stand at their fields. */
class PlanTest {

  private static final Path MODELS = Path.of("../examples/models").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;
  private String page;

  @BeforeEach
  void start() throws Exception {
    studio =
        Studio.builder()
            .workspace(folder.resolve("ws"))
            .models(MODELS)
            .trainer(TestTrainer.command())
            .start();
    browser = Browser.of(studio);
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"text\": \"Once there were ").append(i * 7919).append(" cats.\"}\n");
    }
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, rows.toString());
    String data = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(data, text -> text.contains("<b>texts</b>"));
    page = browser.post("plans", "source", data.split("/", -1)[1]).uri().getPath().substring(1);
  }

  @AfterEach
  void close() {
    studio.close();
  }

  private JsonNode check(String edited, String... fields) throws Exception {
    String[] all = new String[fields.length + 2];
    all[0] = "edited";
    all[1] = edited;
    System.arraycopy(fields, 0, all, 2, fields.length);
    HttpResponse<String> answer = browser.post(page + "/check", all);
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/json");
    return new ObjectMapper().readTree(answer.body());
  }

  @Test
  void aFirstPlanIsSoundAndSaysWhatItTakes() throws Exception {
    assertThat(browser.wait(page, text -> text.contains("It fits this machine.")))
        .contains("stories260K", "Peak memory", "<b>36 + 4</b>", "weights")
        .containsPattern("data-problem=\"yaml\" role=\"alert\"></span>");
  }

  @Test
  void modelsThatFitAreNamedAndOneIsPlannedWith() throws Exception {
    String data = "data/" + source();
    assertThat(browser.wait(data, text -> text.contains("Plan with it")))
        .contains("Models on this machine", "<b>stories260K</b>", ">fits</span>")
        .containsPattern("\\d.MiB of \\d");
    String other =
        browser
            .post("plans", "source", source(), "model", MODELS.resolve("stories260K").toString())
            .body();
    assertThat(other).contains("stories260K\" selected>");
  }

  @Test
  void fixesAfterAPlanAreNamedAndTakenOver() throws Exception {
    String doctor = "data/" + source() + "/doctor";
    browser.wait(doctor, text -> text.contains("Nothing was found."));
    assertThat(browser.get(page).body()).doesNotContain("have changed since");
    browser.post(doctor + "/split", "percent", "10");
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, Files.readString(file).repeat(2));
    browser.wait(doctor, text -> text.contains("Equal rows"));
    browser.post(doctor + "/fix", "action", "drop", "of", "EXACT_DUPLICATE");
    browser.wait(doctor, text -> text.contains("<b>40</b><span>Rows</span>"));
    assertThat(browser.get(page).body()).contains("have changed since this plan was made");
    assertThat(browser.post(page + "/data").body())
        .contains("cleaned.jsonl", "validation: 0.1")
        .doesNotContain("have changed since");
  }

  private String source() throws Exception {
    Path kept = folder.resolve("ws").resolve(page).resolve("plan.json");
    return new ObjectMapper().readTree(kept.toFile()).path("source").asText();
  }

  @Test
  void theFormIsTheYamlAndTheYamlIsTheForm() throws Exception {
    JsonNode said = check("form", "epochs", "3", "learningRate", "2e-4", "validation", "0.25");
    String yaml = said.path("fields").path("yaml").asText();
    assertThat(yaml)
        .contains("epochs: 3\n", "learningRate: 0.0002\n", "train: 0.75\n", "validation: 0.25\n");
    assertThat(said.path("problems")).isEmpty();

    said = check("yaml", "epochs", "3", "yaml", yaml.replace("epochs: 3", "epochs: 5 # five"));
    assertThat(said.path("fields").path("epochs").asText()).isEqualTo("5");
    assertThat(said.path("fields").path("yaml").asText()).contains("epochs: 5 # five");

    said = check("form", "epochs", "", "method", "full", "yaml", yaml);
    assertThat(said.path("fields").path("yaml").asText())
        .contains("method: full\n")
        .doesNotContain("epochs", "lora");
  }

  @Test
  void whatTheFormCannotShowStays() throws Exception {
    String yaml =
        browser
            .wait(page, text -> true)
            .split("<textarea", -1)[1]
            .split(">\n", 2)[1]
            .split("</textarea>", -1)[0]
            .replace("&quot;", "\"");
    JsonNode said =
        check(
            "form",
            "yaml",
            yaml + "task: {nextTokens: {zLoss: 0.1}}\nschedule: {cosine: {end: 0.1}}\n",
            "task",
            "…",
            "epochs",
            "2");
    assertThat(said.path("fields").path("yaml").asText())
        .contains("task:\n  nextTokens:\n    zLoss: 0.1\n", "    end: 0.1\n", "epochs: 2\n");
    assertThat(said.path("fields").path("task").asText()).isEqualTo("…");
  }

  @Test
  void problemsStandAtTheirFieldsAndNothingIsKept() throws Exception {
    JsonNode problems =
        check("form", "rank", "0", "epochs", "<b>", "model", "/nowhere").path("problems");
    assertThat(problems.path("rank").asText())
        .isEqualTo("expected a whole number of at least 1, found 0.");
    assertThat(problems.path("epochs").asText()).contains("found the text '<b>'");
    assertThat(check("yaml", "yaml", "a: [").path("problems").path("yaml").asText()).isNotEmpty();
    assertThat(check("yaml", "yaml", "learnRate: 1").path("problems").path("yaml").asText())
        .contains("Did you mean 'learningRate'?");

    String id = page.split("/", -1)[1];
    Path kept = folder.resolve("ws/plans").resolve(id).resolve("plan.yaml");
    String before = Files.readString(kept);
    HttpResponse<String> refused = browser.post(page + "/save", "edited", "form", "epochs", "<b>x");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body())
        .contains("value=\"&lt;b&gt;x\"", "found the text &#39;&lt;b&gt;x&#39;")
        .doesNotContain("<b>x");
    assertThat(kept).hasContent(before);
    assertThat(browser.post(page + "/run", "edited", "form", "epochs", "0").statusCode())
        .isEqualTo(422);
    assertThat(folder.resolve("ws/runs")).doesNotExist();
  }

  @Test
  void aPlanSurvivesARestartAndIsDeleted() throws Exception {
    assertThat(browser.post(page + "/save", "edited", "form", "epochs", "7").body())
        .contains("Saved.");
    studio.close();
    studio = Studio.builder().workspace(folder.resolve("ws")).models(MODELS).start();
    browser = Browser.of(studio);
    assertThat(browser.get(page).body()).contains("name=\"epochs\" value=\"7\"");
    assertThat(browser.get("plans").body()).contains("rows.jsonl");
    browser.post(page + "/delete");
    assertThat(browser.get(page).statusCode()).isEqualTo(404);
  }
}
