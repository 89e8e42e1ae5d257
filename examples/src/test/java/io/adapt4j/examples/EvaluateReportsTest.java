package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.failure.Corrections;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real small model, and one tuned on plays, with all reports. */
class EvaluateReportsTest {

  @TempDir private Path folder;

  @Test
  void itWritesThreeReportsAndTheFailuresToCorrect() throws IOException {
    EvaluateReports.run(examples(), folder, Optional.empty(), task -> task.limit(40));

    JsonNode stored = new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("<h2>Scores</h2>", "<h2>Calibration</h2>", "By hero", "<h2>Cases</h2>");
    assertThat(folder.resolve("report.md")).content().contains("| `endings` | `acc` \u2191 | 40 |");
    Corrections corrections = Corrections.read(folder.resolve("corrections.jsonl"));
    assertThat(corrections.all())
        .hasSize((int) Math.round(40 * (1 - value(stored, "base", "endings", "acc"))));
    assertThat(corrections.changed()).isEmpty();
  }

  @Test
  void itComparesATunedModelWithItsBase() throws IOException {
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

    EvaluateReports.run(examples(), folder, Optional.of(adapter), task -> task.limit(90));

    JsonNode stored = new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    // Guessing gets a quarter right.
    assertThat(value(stored, "base", "endings", "acc")).isGreaterThan(0.27);
    assertThat(value(stored, "base", "stories", "bits_per_byte"))
        .isLessThan(value(stored, "base", "plays", "bits_per_byte"));
    assertThat(folder.resolve("report.md")).content().contains("| `endings` | `acc` \u2191 | 90 |");
    assertThat(value(stored, "tuned", "plays", "bits_per_byte"))
        .isLessThan(value(stored, "base", "plays", "bits_per_byte"));
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("tuned against base: better on", "of the general ability stories");
  }

  private static double value(JsonNode stored, String candidate, String task, String metric) {
    for (JsonNode known : stored.path("candidates")) {
      for (JsonNode result : known.path("tasks")) {
        for (JsonNode value : result.path("figures")) {
          if (known.path("name").asText().equals(candidate)
              && result.path("name").asText().equals(task)
              && value.path("name").asText().equals(metric)) {
            return value.path("value").asDouble();
          }
        }
      }
    }
    throw new AssertionError(candidate + " has no " + metric + " of " + task + " in " + stored);
  }

  private static Path examples() {
    return Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples");
  }
}
