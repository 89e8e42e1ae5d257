package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.FineTuner;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.failure.Corrections;
import io.adapt4j.eval.report.StoredReport;
import io.adapt4j.eval.report.StoredReport.Score;
import io.adapt4j.lora.Lora;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real small model, and one tuned on plays, with all reports. */
class EvaluateReportsTest {

  @TempDir private Path folder;

  @Test
  void itWritesThreeReportsAndTheFailuresToCorrect() {
    EvaluateReports.run(examples(), folder, Optional.empty());

    StoredReport stored = StoredReport.read(folder.resolve("report.json"));
    // Guessing gets a quarter right.
    assertThat(value(stored, "base", "endings", "acc")).isGreaterThan(0.27);
    assertThat(value(stored, "base", "stories", "bits_per_byte"))
        .isLessThan(value(stored, "base", "plays", "bits_per_byte"));
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("<h2>Scores</h2>", "<h2>Calibration</h2>", "By hero", "<h2>Cases</h2>");
    assertThat(folder.resolve("report.md"))
        .content()
        .contains("| `endings` | `acc` \u2191 | 180 |");
    Corrections corrections = Corrections.read(folder.resolve("corrections.jsonl"));
    assertThat(corrections.all())
        .hasSize((int) Math.round(180 * (1 - value(stored, "base", "endings", "acc"))));
    assertThat(corrections.changed()).isEmpty();
  }

  @Test
  void itComparesATunedModelWithItsBase() {
    Path adapter =
        FineTuner.builder()
            .model(ModelSource.path(examples().resolve("models/stories260K")))
            .dataset(Datasets.jsonl(examples().resolve("data/shakespeare/passages.jsonl")).take(64))
            .method(Lora.rank(8))
            .learningRate(1e-2)
            .maxSteps(16)
            .maxLength(96)
            .batchSize(8)
            .output(folder.resolve("run"))
            .build()
            .run()
            .last();

    EvaluateReports.run(examples(), folder, Optional.of(adapter));

    StoredReport stored = StoredReport.read(folder.resolve("report.json"));
    assertThat(value(stored, "tuned", "plays", "bits_per_byte"))
        .isLessThan(value(stored, "base", "plays", "bits_per_byte"));
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("tuned against base: better on", "of the general ability stories");
  }

  private static double value(StoredReport stored, String candidate, String task, String figure) {
    return stored.scores().stream()
        .filter(one -> one.candidate().equals(candidate) && one.task().equals(task))
        .filter(one -> one.figure().equals(figure))
        .map(Score::value)
        .findFirst()
        .orElseThrow()
        .value();
  }

  private static Path examples() {
    return Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples");
  }
}
