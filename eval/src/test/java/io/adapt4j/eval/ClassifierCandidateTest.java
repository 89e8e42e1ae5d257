package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.task.RowTask;
import io.adapt4j.eval.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With an output layer that was trained for the test on the model of the examples. */
class ClassifierCandidateTest {

  @TempDir private static Path folder;
  @AutoClose private static TextClassifier classifier;

  @BeforeAll
  static void train() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      rows.add(new Example.Classified(text(i), label(i)));
    }
    Dataset data = Datasets.of(rows);
    var report =
        FineTuner.builder()
            .model(ModelSource.path(Path.of("../examples/models/stories260K")))
            .task(io.adapt4j.core.task.Task.classification())
            .dataset(new Split(data, data.take(12), data.take(0)))
            .method(FullFineTuning.create())
            .learningRate(3e-3)
            .batchSize(8)
            .epochs(6)
            .output(folder.resolve("run"))
            .build()
            .run();
    classifier = TextClassifier.load(ModelSource.path(report.best()));
  }

  private static String text(int i) {
    return "Lily saw a " + (i % 2 == 0 ? "big" : "red") + " ball" + " and ran".repeat(i % 4);
  }

  private static String label(int i) {
    return i % 2 == 0 ? "size" : "colour";
  }

  private static Task task(String... lines) throws IOException {
    Path file = Files.createTempFile(folder, "rows", ".csv");
    Files.write(file, List.of(lines));
    return RowTask.of("kinds", file).classesByHead("text", "label");
  }

  @Test
  void theEvaluationSaysWhatTheClassifierSays() throws IOException {
    Task task = task("text,label", text(0) + ",size", text(1) + ",colour", text(2) + ",colour");

    TaskResult result =
        Evaluator.builder()
            .tasks(task)
            .replies(folder.resolve("replies"))
            .build()
            .evaluate(Candidate.of("kinds-1", classifier))
            .result("kinds");

    for (Outcome outcome : result.outcomes()) {
      var expected = classifier.classify(outcome.prompt());
      assertThat(outcome.got()).isEqualTo(expected.label());
      assertThat(outcome.confidence().orElseThrow()).isCloseTo(expected.score(), within(1e-6));
    }
    assertThat(result.outcomes())
        .extracting(Outcome::got)
        .containsExactly("size", "colour", "size");
    assertThat(result.metrics().keySet())
        .containsExactlyElementsOf(
            ClassMetrics.ALL.stream().map(taskMetric -> taskMetric.name()).toList());
    assertThat(result.score().value()).isEqualTo(2 / 3.0);

    TaskResult again =
        Evaluator.builder()
            .tasks(task)
            .replies(folder.resolve("replies"))
            .build()
            .evaluate(Candidate.of("kinds-1", classifier))
            .result("kinds");
    assertThat(again.cost().kept()).isEqualTo(3);
    assertThat(again.outcomes()).isEqualTo(result.outcomes());
  }

  @Test
  void refusesALabelUnseenInTrainingWithTaskRowAndLabel() throws IOException {
    Task task = task("text,label", text(0) + ",size", text(1) + ",shape");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Evaluator.builder()
                    .tasks(task)
                    .build()
                    .evaluate(Candidate.of("kinds-1", classifier)))
        .withMessageContaining("Task 'kinds', row 2")
        .withMessageContaining("'shape'")
        .withMessageContaining("colour");
  }

  @Test
  void aClassifierIsAskedForClassesOnly() {
    assertThatThrownBy(
            () ->
                Candidate.of("kinds-1", classifier)
                    .reply(List.of(new Request.Likelihood("a", " b"))))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("kinds-1");
  }
}
