package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.RowTask;
import io.adapt4j.eval.task.Task;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.retrieve.Passage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same task with passages that the real MiniLM finds, and without. */
class GroundedEvaluationTest {

  @TempDir private Path folder;

  @Test
  void retrievalIsComparedWithTheModelAloneOnTheSameTask() throws IOException {
    Path exam = folder.resolve("exam.jsonl");
    Files.writeString(
        exam,
        """
        {"question":"How many days of paid leave does everybody have?","answer":"28"}
        {"question":"On which deck do visitors park?","answer":"second"}
        """);
    Task task =
        RowTask.of("handbook", exam)
            .answers("answer", AnswerExtraction.whole(), AnswerMetric.SQUAD);
    // Reads what it is given and knows nothing itself.
    Candidate reader =
        Candidate.of(
            TextGenerator.of(
                "reader",
                prompt ->
                    prompt.contains("28 days") && prompt.contains("leave does")
                        ? "28"
                        : prompt.contains("second deck") ? "second" : "unknown"));

    try (Rag rag = Rag.builder().index(folder.resolve("index")).build()) {
      rag.add(
          Documents.of(
              List.of(
                  Document.of("leave", "Everybody has 28 days of paid leave a year."),
                  Document.of("parking", "Visitors park on the second deck."))));
      Map<String, Candidate> candidates = new LinkedHashMap<>();
      candidates.put("alone", reader);
      candidates.put(
          "with documents",
          Candidate.grounded(
              "handbook of 2024",
              reader,
              question -> rag.search(question).passages().stream().map(Passage::text).toList()));

      ComparisonReport report = Evaluator.builder().tasks(task).build().compare(candidates);

      TaskComparison found = report.comparison("with documents", "handbook");
      assertThat(report.baseline().result("handbook").score().value()).isZero();
      assertThat(found.difference().value()).isEqualTo(1);
      assertThat(found.wins()).isEqualTo(2);
    }
  }
}
