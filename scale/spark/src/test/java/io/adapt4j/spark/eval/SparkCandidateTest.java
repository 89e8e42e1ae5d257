package io.adapt4j.spark.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkCandidateTest {

  @Test
  void metricsAreThoseOfTheEvaluatorAlone(@TempDir Path folder) throws IOException {
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(
                Tasks.jsonl(questions(folder.resolve("questions.jsonl"))),
                Tasks.perplexity("perplexity", List.of("Once upon a time", "Lily saw a ball.")))
            .batch(1000, 1000)
            .build();
    EvaluationReport alone;
    try (LanguageModel model = LanguageModel.load(ModelSource.path(LocalSpark.STORIES))) {
      alone = evaluator.evaluate("model", Candidate.of(model));
    }

    EvaluationReport onSpark =
        evaluator.evaluate(
            "model", SparkCandidate.of(LocalSpark.session(), LocalSpark.STORIES.toString()));

    assertThat(onSpark.candidate()).isEqualTo(alone.candidate());
    for (int task = 0; task < 2; task++) {
      assertThat(onSpark.results().get(task).metrics())
          .isEqualTo(alone.results().get(task).metrics());
    }
    assertThat(onSpark.cost().newTokens()).isEqualTo(alone.cost().newTokens());
  }

  private static Path questions(Path file) throws IOException {
    List<String> lines =
        IntStream.range(0, 9)
            .mapToObj(i -> "{\"question\": \"Tim had %d\", \"answer\": \"a dog\"}".formatted(i))
            .toList();
    return Files.write(file, lines);
  }
}
