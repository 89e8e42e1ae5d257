package io.adapt4j.eval.report;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.SampleReports;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportWriterTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final String ATTACK =
      "</pre></script><img src=x onerror=alert(1)> | `````` @someone #1 \u0000\uD83D";
  private static final ComparisonReport COMPARISON = SampleReports.comparison();
  private static final EvaluationReport SINGLE = SampleReports.single();

  @TempDir Path folder;

  private static String page() {
    return ReportWriter.of(COMPARISON).written(NOW).html();
  }

  /** Everything in it is hostile. */
  private static ComparisonReport hostile() {
    record Hostile(String id) implements Item {
      @Override
      public Map<String, String> fields() {
        return Map.of(ATTACK, id.equals(ATTACK) ? ATTACK : "b");
      }

      @Override
      public List<Request> requests() {
        return List.of(new Request.Likelihood(ATTACK, id));
      }

      @Override
      public Outcome judge(List<Reply> replies) {
        return new Outcome(
            id, ATTACK, ATTACK, ATTACK, Map.of(ATTACK, 0.0), OptionalDouble.of(0.5), fields());
      }
    }
    Task task =
        new Task(
            ATTACK,
            List.of(new Hostile(ATTACK), new Hostile("b"), new Hostile("c")),
            List.of(TaskMetric.mean(ATTACK)),
            true);
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put(ATTACK, SampleReports.candidate(ATTACK, 0.5, 1));
    candidates.put(ATTACK + "2", SampleReports.candidate(ATTACK + "2", 0.5, 2));
    return Evaluator.builder().tasks(task).build().compare(candidates);
  }

  @Test
  void thePageHasScoresWithIntervalsChartsAndVerdicts() {
    assertThat(page())
        .startsWith("<!doctype html>")
        .contains("tuned, tuned and rag against base", "2026-03-01 12:00 UTC")
        .contains("tuned against base: better on 2 (exam, counting)")
        .contains(
            "100.0 % (100.0 % to 100.0 %) of the general ability texts, 98.0 % required: kept.")
        .contains("<h2>Scores</h2>", "<h2>Calibration</h2>", "<h2>Cost</h2>", "<h2>Cases</h2>")
        .contains("class=\"bar a\"", "class=\"whisker\"", "class=\"wtl\"", "calibration error")
        .doesNotContain("NaN", "Infinity", "<h2>History</h2>");
  }

  @Test
  void differencesStandAboveTheScoresThatTheyComeFrom() {
    assertThat(page().indexOf("<h2>Against base"))
        .isPositive()
        .isLessThan(page().indexOf("<h2>Scores"));
    String markdown = ReportWriter.of(COMPARISON).markdown();
    assertThat(markdown.indexOf("### Against"))
        .isPositive()
        .isLessThan(markdown.indexOf("### Scores"));
  }

  @Test
  void columnsThatWouldBeEmptyAreLeftOut() {
    String plain = ReportWriter.of(SampleReports.compared(SampleReports.counting(20))).html();

    assertThat(page()).contains("<th>kept", "<th>McNemar p");
    assertThat(plain).contains("<th>won, tied, lost").doesNotContain("<th>kept");
    assertThat(ReportWriter.of(SampleReports.compared(SampleReports.counting(20))).markdown())
        .contains("won / tied / lost")
        .doesNotContain("retention");
  }

  /** Three columns for two candidates: a phone has room for these. */
  @Test
  void tasksHaveARowOfTheirOwnAndNoColumn() {
    String scores = page().substring(page().indexOf("<table class=\"scores\">"));

    assertThat(scores)
        .startsWith("<table class=\"scores\"><tr><th class=\"name\">metric<th>base<th>");
    assertThat(scores).contains("scope=\"rowgroup\" colspan=\"4\"><b>exam</b> 120 items");
  }

  @Test
  void calibrationIsPointsWithoutLinesOfEnoughAnswersEach() {
    String page = page();
    int from = page.indexOf("<h2>Calibration</h2>");
    String charts = page.substring(from, page.indexOf("</section>", from));

    assertThat(charts).contains("<circle").doesNotContain("<polyline");
    assertThat(count(charts, "<circle")).isLessThanOrEqualTo(10 * 3);
  }

  @Test
  void thePageNeedsNothingFromElsewhereAndRunsNothing() {
    assertThat(page())
        .doesNotContain("http:", "https:", "src=", "@import", "url(", "<script", "onclick")
        .contains("default-src 'none'", "prefers-color-scheme: dark", "width=device-width");
  }

  @Test
  void thePageShowsFailuresFoldedWithPromptExpectedAndGot() {
    FailureAnalysis exam = FailureAnalysis.of(SINGLE.result("exam"));
    String page = ReportWriter.of(SINGLE).cases(5).html();

    assertThat(page).contains("exam: failed, " + exam.failures().size() + ", the worst 5 shown");
    for (Outcome worst : exam.worst(5)) {
      assertThat(page)
          .contains("<b>" + worst.id() + "</b> " + exam.question(worst).replace("\n", " "))
          .contains("<pre>" + worst.prompt() + "</pre>")
          .contains("<pre>" + worst.expected() + "</pre>");
    }
    assertThat(count(page, "<details class=\"case\">"))
        .isEqualTo(
            5 + Math.min(5, FailureAnalysis.of(SINGLE.result("counting")).failures().size()));
    assertThat(ReportWriter.of(SINGLE).cases(0).html()).doesNotContain("<h2>Cases</h2>");
  }

  @Test
  void noCaseIsShownWhereNothingFailed() {
    EvaluationReport perfect =
        Evaluator.builder()
            .tasks(SampleReports.counting(20))
            .build()
            .evaluate("perfect", SampleReports.candidate("p", 1, 1));

    assertThat(ReportWriter.of(perfect).html())
        .doesNotContain("<h2>Cases</h2>", "<h2>Where they fail</h2>", "What is 3?");
    assertThat(ReportWriter.of(perfect).markdown()).doesNotContain("<details>", "What is 3?");
  }

  @Test
  void theCasesOfAComparisonTellWhatWasLostAndWhatWasGained() {
    String page = page();
    int lost = 0;
    int gained = 0;
    List<Outcome> base = COMPARISON.baseline().result("counting").outcomes();
    for (int i = 0; i < base.size(); i++) {
      boolean right = base.get(i).metric("exact_match") == 1;
      int row = i;
      boolean others =
          Stream.of("tuned", "tuned and rag")
              .allMatch(
                  text ->
                      COMPARISON
                              .report(text)
                              .result("counting")
                              .outcomes()
                              .get(row)
                              .metric("exact_match")
                          == 1);
      lost += right && !others ? 1 : 0;
      gained += !right && others ? 1 : 0;
    }
    assertThat(lost).isPositive();
    assertThat(page).contains("counting: failed, not by the baseline, " + lost);
    assertThat(page).contains("counting: failed by the baseline only, " + gained);
  }

  @Test
  void thePageShowsWhereCandidatesFail() {
    assertThat(page())
        .contains("tuned on exam: ", "By subject", "By parity", "By characters of the prompt")
        .contains("By confidence");
  }

  @Test
  void pointsAndBarsStayWithinTheirChart() {
    Matcher places =
        Pattern.compile("(?:cx|cy|x|y|width)=\"(-?[0-9.]+)\"|points=\"([^\"]*)\"").matcher(page());
    int all = 0;
    while (places.find()) {
      String numbers = places.group(1) == null ? places.group(2) : places.group(1);
      for (String number : numbers.strip().split("[ ,]+", -1)) {
        assertThat(Double.parseDouble(number)).isBetween(0.0, 480.0);
        all++;
      }
    }
    assertThat(all).isGreaterThan(100);
  }

  @Test
  void everyTextIsEscapedInThePage() {
    String page = ReportWriter.of(hostile()).title(ATTACK).html();

    assertThat(page).doesNotContain("<img", "</script", "alert(1)>", "\u0000", "\uD83D");
    assertThat(page).contains("&lt;/pre&gt;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;");
    assertThat(count(page, "<pre>")).isEqualTo(count(page, "</pre>"));
  }

  @Test
  void namesAndTextsAreCodeInMarkdown() {
    String text = ReportWriter.of(hostile()).title(ATTACK).markdown();

    // Outside of blocks, whose fence is longer than any run in the text.
    String outside = text.replaceAll("(?s)\n(`{7,})text\n.*?\n\\1\n", "\n");
    assertThat(text).contains("\n```````text\n");
    for (String line : outside.split("\n", -1)) {
      String plain = line.replaceAll("(`{7}) .*? \\1", "").replaceAll("<code>.*?</code>", "");
      assertThat(plain).doesNotContain("<img");
      if (!line.startsWith("## ")) {
        assertThat(plain).doesNotContain("@someone");
      }
      if (line.startsWith("|")) {
        assertThat(line.replace("\\|", "").chars().filter(value -> value == '|').count())
            .isIn(5L, 6L, 7L, 8L);
      }
    }
  }

  @Test
  void markdownFitsIntoACommentAndCountsWhatIsLeftOut() {
    EvaluationReport large =
        Evaluator.builder()
            .tasks(SampleReports.texts(60), SampleReports.counting(800))
            .build()
            .evaluate("weak", SampleReports.candidate("w", 0.1, 1));

    String text = ReportWriter.of(large).cases(1000).markdown();

    assertThat(text.length()).isLessThan(65_536);
    assertThat(text).contains("What is ", " more cases are not shown here.");
  }

  @Test
  void markdownHasTheSameMetricsAsThePage() {
    String text = ReportWriter.of(COMPARISON).markdown();

    assertThat(text)
        .contains("## tuned, tuned and rag against base")
        .contains("| task | metric | items | `base` | `tuned` | `tuned and rag` |")
        .contains("| `exam` | `acc` \u2191 | 120 | **")
        .contains("| `texts` (general) | `bits_per_byte` \u2193 | 8 | **1.443** (1.443 to 1.443)")
        .contains("### Against `base`", "### Cost")
        .contains("kept: 100.0 %");
  }

  @Test
  void jsonHasEveryMetric() throws IOException {
    JsonNode json = Json.parseStrictly(ReportWriter.of(COMPARISON).written(NOW).json());

    assertThat(json.path("schema").asText()).isEqualTo("adapt4j-evaluation/1");
    assertThat(json.path("written").asText()).isEqualTo("2026-03-01T12:00:00Z");
    assertThat(json.path("baseline").asText()).isEqualTo("base");
    JsonNode exam = json.path("candidates").path(1).path("tasks").path(0);
    assertThat(exam.path("figures").path(0).path("value").doubleValue())
        .isEqualTo(COMPARISON.report("tuned").result("exam").score().value());
    assertThat(exam.path("failures").intValue())
        .isEqualTo(FailureAnalysis.of(COMPARISON.report("tuned").result("exam")).failures().size());
    assertThat(json.path("comparisons")).hasSize(6);
  }

  /** What a build may rely on: a key that goes away or changes needs another schema. */
  @Test
  void jsonHasTheKeysOfItsSchema() throws IOException {
    JsonNode json = Json.parseStrictly(ReportWriter.of(COMPARISON).json());

    JsonNode candidate = json.path("candidates").path(0);
    JsonNode task = candidate.path("tasks").path(0);
    JsonNode general = json.path("comparisons").path(2);
    assertThat(keys(json))
        .containsExactly(
            words("schema title written candidates baseline retention_threshold comparisons"));
    assertThat(keys(candidate)).containsExactly("name", "identity", "cost", "tasks");
    assertThat(keys(candidate.path("cost")))
        .containsExactly(
            "asked", "kept", "prompt_tokens", "new_tokens", "candidate_seconds", "total_seconds");
    assertThat(keys(task))
        .containsExactly("name", "general", "items", "failures", "primary", "figures");
    assertThat(keys(task.path("figures").path(0)))
        .containsExactly("name", "larger_is_better", "value", "low", "high", "confidence");
    assertThat(keys(json.path("comparisons").path(0)))
        .containsExactly(
            words(
                "candidate baseline task figure larger_is_better difference p_value",
                "mcnemar_p_value wins ties losses verdict"));
    assertThat(keys(general.path("difference")))
        .containsExactly("value", "low", "high", "confidence");
    assertThat(keys(general.path("retention")))
        .containsExactly("value", "low", "high", "confidence", "verdict");
  }

  private static List<String> keys(JsonNode json) {
    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  @Test
  void storedReportsAreReadBackAndDrawn() {
    for (int day = 1; day <= 3; day++) {
      ReportWriter.of(COMPARISON)
          .written(Instant.parse("2026-02-0" + day + "T00:00:00Z"))
          .writeJson(folder.resolve("history/run" + (9 - day) + ".json"));
    }

    List<StoredReport> stored = StoredReport.readAll(folder.resolve("history"));

    assertThat(stored)
        .extracting(storedReport -> storedReport.written().toString())
        .isSorted()
        .hasSize(3);
    assertThat(stored.get(0).score("tuned", "exam", "acc"))
        .contains(COMPARISON.report("tuned").result("exam").score());
    String page =
        ReportWriter.of(COMPARISON).written(NOW).history(folder.resolve("history")).html();
    assertThat(page).contains("<h2>History</h2>", ">02-01<", ">02-03<", ">03-01<");
    assertThat(page.substring(page.indexOf("<h2>History</h2>")))
        .containsPattern("<polyline class=\"b\" data-name=\"tuned\" points=\"([0-9.,]+ ){4}\"");
  }

  @Test
  void refusesJsonThatIsNoReport() throws IOException {
    Path file = folder.resolve("other.json");
    Files.writeString(file, "{\"schema\": \"adapt4j-evaluation/99\", \"candidates\": []}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoredReport.read(file))
        .withMessageContaining("other.json:1")
        .withMessageContaining("expected 'adapt4j-evaluation/1', found 'adapt4j-evaluation/99'");

    Files.writeString(
        file,
        ReportWriter.of(SINGLE)
            .written(NOW)
            .json()
            .replace("\"value\": ", "\"value\": \"x\", \"w\": "));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoredReport.read(file))
        .withMessageContaining("other.json")
        .withMessageContaining("candidates[0].tasks[0].figures[0].value");
  }

  @Test
  void writesFilesWholeIntoNewFolders() throws IOException {
    ReportWriter writer = ReportWriter.of(SINGLE).written(NOW);
    writer.writeHtml(folder.resolve("a/report.html"));
    writer.writeMarkdown(folder.resolve("a/report.md"));
    writer.writeJson(folder.resolve("a/report.json"));

    assertThat(folder.resolve("a/report.html")).hasContent(writer.html());
    assertThat(folder.resolve("a/report.md")).hasContent(writer.markdown());
    assertThat(folder.resolve("a/report.json")).hasContent(writer.json());
    try (Stream<Path> files = Files.list(folder.resolve("a"))) {
      assertThat(files).hasSize(3);
    }
    Files.writeString(folder.resolve("b"), "no folder");
    assertThatThrownBy(() -> writer.writeJson(folder.resolve("b/report.json")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("report.json");
  }

  private static int count(String text, String part) {
    return (text.length() - text.replace(part, "").length()) / part.length();
  }
}
