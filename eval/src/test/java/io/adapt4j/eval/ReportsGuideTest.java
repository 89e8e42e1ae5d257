package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.eval.assertion.EvaluationAssert;
import io.adapt4j.eval.failure.Clustering;
import io.adapt4j.eval.failure.Corrections;
import io.adapt4j.eval.failure.Corrections.Correction;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.FailureCluster;
import io.adapt4j.eval.failure.Slice;
import io.adapt4j.eval.metric.Confusion;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.spi.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/evaluation-reports.md: its examples run, and every key of the JSON stands in it. */
class ReportsGuideTest {

  private static final Path GUIDE = Path.of("../docs/evaluation-reports.md");

  @TempDir Path folder;

  @Test
  void theExamplesRun() {
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(SampleReports.exam(80).named("support"), SampleReports.texts(6))
            .build();
    Candidate baseModel = SampleReports.candidate("a", 0.5, 3);
    Candidate tunedModel = SampleReports.candidate("b", 0.85, 7);

    EvaluationReport base = evaluator.evaluate("base", baseModel);
    EvaluationReport tuned = evaluator.evaluate("tuned", tunedModel);
    ComparisonReport comparison = evaluator.compare(List.of(base, tuned));

    ReportWriter writer = ReportWriter.of(comparison).title("Support model, March");
    writer.writeHtml(folder.resolve("reports/report.html"));
    writer.writeMarkdown(folder.resolve("reports/report.md"));
    writer.writeJson(folder.resolve("reports/history/report.json"));
    writer
        .history(folder.resolve("reports/history"))
        .writeHtml(folder.resolve("reports/report.html"));
    assertThat(folder.resolve("reports/report.html")).content().contains("Support model, March");

    EvaluationAssert.assertThat(comparison)
        .retains(0.95)
        .isNotWorse()
        .candidate("tuned")
        .scores("support")
        .atLeast(0.7)
        .costsLessThan(Duration.ofMinutes(10));

    FailureAnalysis failures = FailureAnalysis.of(tuned.result("support"));
    for (Outcome worst : failures.worst(10)) {
      assertThat(worst.prompt() + " | " + worst.expected() + " | " + worst.got())
          .contains("right", "wrong");
    }
    List<Slice> bySubject = failures.slices("subject");
    List<Confusion> confusions = failures.confusions(10);
    List<Slice> byLength = failures.byLength(5);
    List<Slice> byConfidence = failures.byConfidence(5);
    assertThat(List.of(bySubject, confusions, byLength, byConfidence))
        .allSatisfy(some -> assertThat(some).isNotEmpty());

    Clustering clustering = Clustering.with(ReportsGuideTest::embed).seed(7);
    for (FailureCluster cluster : failures.clusters(clustering)) {
      assertThat(cluster.name()).isNotBlank();
    }

    Corrections.write(failures, folder.resolve("corrections.jsonl"));
    Corrections corrected = Corrections.read(folder.resolve("corrections.jsonl"));
    for (Correction wrong : corrected.changed()) {
      throw new AssertionError("The test itself was wrong on " + wrong.id());
    }
    Dataset rows = corrected.dataset();
    assertThat(rows.size()).isEqualTo(failures.failures().size());
  }

  private static List<float[]> embed(List<String> texts) {
    return texts.stream().map(text -> new float[] {1, text.length() % 5, 0.5f}).toList();
  }

  @Test
  void everyKeyOfTheJsonStandsInTheGuide() throws IOException {
    String guide = Files.readString(GUIDE);
    String json = ReportWriter.of(SampleReports.comparison()).json();
    List<String> keys =
        json.lines()
            .map(String::strip)
            .filter(line -> line.matches("\"[a-z_]+\": .*"))
            .map(line -> line.substring(1, line.indexOf('"', 1)))
            .distinct()
            .toList();

    assertThat(keys).hasSizeGreaterThan(30);
    assertThat(keys).allSatisfy(key -> assertThat(guide).containsPattern("`" + key + "(\\[])?`"));
  }
}
