package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.advise.Recommendation;
import io.adapt4j.eval.advise.Strategy;
import io.adapt4j.eval.task.MultipleChoice;
import io.adapt4j.eval.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The experiment on two of the real articles, questions and the real small model. */
class WhatToBuildTest {

  @TempDir private Path output;

  @Test
  void itAsksFourCandidatesAndRecommendsOne() throws IOException {
    Path squad = examples().resolve("data/squad");
    Task exam = MultipleChoice.jsonl("squad", squad.resolve("exam.jsonl")).build().limit(20);
    Path documents = Files.createDirectory(output.resolve("documents"));
    for (String article : List.of("oxygen.md", "prime_number.md")) {
      Files.copy(squad.resolve("documents").resolve(article), documents.resolve(article));
    }
    Recommendation recommendation =
        WhatToBuild.run(documents, exam, examples().resolve("models/stories260K"), output);
    assertThat(recommendation.standings())
        .extracting(Recommendation.Standing::strategy)
        .containsExactly(Strategy.values());
    assertThat(recommendation.standings())
        .allSatisfy(standing -> assertThat(standing.timePerQuestion()).isPositive());
    assertThat(recommendation.text())
        .contains("| both | 0.")
        .containsPattern("too small|Recommended");
  }

  private static Path examples() {
    return Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples");
  }
}
