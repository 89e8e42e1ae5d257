package io.adapt4j.upkeep.registry;

import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/** Small adapter folders and exams. */
final class Samples {

  static final Change ANNA = Change.by("anna", "a test");

  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-12-01T10:00:00Z"), ZoneOffset.UTC);

  private Samples() {}

  /** An adapter folder whose weights are a text. */
  static Path adapter(Path folder, String weights) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(folder.resolve("adapter_config.json"), "{\"r\": 8}\n");
    Files.writeString(folder.resolve("adapter_model.safetensors"), weights);
    Files.writeString(folder.resolve("1_Pooling/config.json"), "{}\n");
    Files.writeString(folder.resolve("README.md"), "# An adapter\n");
    return folder;
  }

  static EvaluationReport report(double score) {
    ConfidenceInterval value = new ConfidenceInterval(score, score, score, 0.95);
    TaskResult result =
        new TaskResult(
            "faq", false, List.of(TaskMetric.mean("acc")), Map.of("acc", value), List.of());
    return new EvaluationReport("tuned", "tuned at 1", List.of(result), Cost.NONE);
  }
}
