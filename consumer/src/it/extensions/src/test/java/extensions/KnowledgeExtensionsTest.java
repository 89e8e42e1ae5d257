package extensions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.retrieve.Retrieval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What answers from documents and evaluates answers, each brought from outside. */
class KnowledgeExtensionsTest {

  @TempDir private Path folder;

  @Test
  void documentsEmbeddingsAndIndexOfItsOwnFindALine() throws IOException {
    Path file = folder.resolve("lines.txt");
    Files.writeString(file, "zoo zebras\n\nmilk and more milk\npizza jazz\n");
    try (Rag rag =
        Rag.builder().index(new MemoryIndex()).embeddings(new LetterEmbeddings()).build()) {
      assertEquals(3, rag.add(new LineSource(file)).documents());
      assertEquals(3, rag.index().documentCount());
      Retrieval found = rag.search("milk");
      assertEquals("milk and more milk", found.passages().get(0).text());
    }
  }

  @Test
  void itemsOfItsOwnAreAskedAndSummedUp() {
    Task order =
        OrderItem.task(
            List.of(
                "Once upon a time there was a little girl",
                "She was very happy to see her mom",
                "They played with the ball in the park"));
    try (LanguageModel model = LanguageModel.load(Tiny.model())) {
      EvaluationReport report =
          Evaluator.builder().tasks(order).build().evaluate(Candidate.of(model));
      assertEquals(1.0, report.result("word order").score().value());
    }
  }

  @Test
  void aMetricOfItsOwnGradesAnswers() {
    Task task =
        new Task(
            "stories",
            List.of(
                Tasks.answerItem(
                    "a",
                    "Once upon a time",
                    GenerationOptions.greedy(),
                    List.of("there was a little girl"),
                    AnswerExtraction.whole(),
                    new WordOverlap(),
                    Map.of())),
            List.of(TaskMetric.mean("overlap")),
            false);
    try (LanguageModel model = LanguageModel.load(Tiny.model())) {
      EvaluationReport report =
          Evaluator.builder().tasks(task).build().evaluate(Candidate.of(model));
      double overlap = report.result("stories").score().value();
      assertTrue(overlap > 0.5 && overlap <= 1, "overlap " + overlap);
    }
  }
}
