package io.adapt4j.eval.advise;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentTest {

  @TempDir private Path folder;

  /** Questions 0 to n - 1, each with itself as the answer. */
  private static Task exam(int questions) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      items.add(
          Tasks.answerItem(
              String.valueOf(i),
              String.valueOf(i),
              GenerationOptions.greedy(),
              List.of(String.valueOf(i)),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of()));
    }
    return new Task("exam", items, List.of(TaskMetric.mean("exact_match")), false);
  }

  private static Candidate knowing(String name, IntPredicate known) {
    return Candidate.of(
        TextGenerator.of(
            name, prompt -> known.test(Integer.parseInt(prompt)) ? prompt : "no idea"));
  }

  private static Candidate slow(String name, IntPredicate known) {
    return Candidate.of(
        TextGenerator.of(
            name,
            prompt -> {
              try {
                Thread.sleep(5);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return known.test(Integer.parseInt(prompt)) ? prompt : "no idea";
            }));
  }

  @Test
  void recommendsWhatIsSignificantlyBetterThanWhateverIsSimpler() {
    Recommendation recommendation =
        Experiment.builder()
            .base(knowing("base", i -> i % 4 == 0))
            .rag(knowing("rag", i -> i % 10 != 0))
            .fineTuned(knowing("tuned", i -> i % 2 == 0))
            .exam(exam(400))
            .build()
            .run();
    assertThat(recommendation.strategy()).isEqualTo(Strategy.RAG);
    assertThat(recommendation.best()).isEqualTo(Strategy.RAG);
    assertThat(recommendation.isConclusive()).isTrue();
    assertThat(recommendation.chosen().score().value()).isCloseTo(0.9, within(1e-12));
    assertThat(recommendation.text())
        .contains("| base | 0.250 |", "| RAG | 0.900 |")
        .contains("Recommended: RAG. It has the best score, and whatever is simpler is");
  }

  @Test
  void recommendsTheSimplerOfTwoThatDifferByNoise() {
    Recommendation recommendation =
        Experiment.builder()
            .base(knowing("base", i -> false))
            .rag(knowing("rag", i -> i % 10 != 0))
            .both(knowing("both", i -> i % 10 != 0 || i == 0))
            .exam(exam(400))
            .build()
            .run();
    assertThat(recommendation.strategy()).isEqualTo(Strategy.RAG);
    assertThat(recommendation.best()).isEqualTo(Strategy.RAG_AND_FINE_TUNING);
    assertThat(recommendation.isConclusive()).isTrue();
    assertThat(recommendation.text())
        .contains("Recommended: RAG. It is simpler than both, which has the best score");
  }

  @Test
  void saysWhenTheExamIsTooSmallToTell() {
    Recommendation recommendation =
        Experiment.builder()
            .base(knowing("base", i -> i % 2 == 0))
            .rag(knowing("rag", i -> i % 2 == 0 || i % 5 == 0))
            .exam(exam(20))
            .build()
            .run();
    assertThat(recommendation.strategy()).isEqualTo(Strategy.PROMPTING);
    assertThat(recommendation.isConclusive()).isFalse();
    assertThat(recommendation.questionsNeeded()).isBetween(21, 400);
    assertThat(recommendation.text())
        .contains("too small to tell: after 20 questions")
        .contains("About " + recommendation.questionsNeeded() + " questions would tell");
  }

  @Test
  void aFewQuestionsAlikeTellNothing() {
    Recommendation recommendation = alike(5);
    assertThat(recommendation.isConclusive()).isFalse();
    assertThat(recommendation.questionsNeeded()).isEqualTo(61);
  }

  @Test
  void manyQuestionsAlikeTellThatTheSimplerDoes() {
    Recommendation recommendation = alike(61);
    assertThat(recommendation.strategy()).isEqualTo(Strategy.PROMPTING);
    assertThat(recommendation.isConclusive()).isTrue();
    assertThat(recommendation.text()).contains("It has the best score, and nothing is simpler.");
  }

  private static Recommendation alike(int questions) {
    return Experiment.builder()
        .base(knowing("base", i -> i % 2 == 0))
        .fineTuned(knowing("tuned", i -> i % 2 == 0))
        .exam(exam(questions))
        .build()
        .run();
  }

  @Test
  void fiveWinsInFiveQuestionsAreNotTakenForSignificant() {
    Recommendation recommendation =
        Experiment.builder()
            .base(knowing("base", i -> false))
            .rag(knowing("rag", i -> true))
            .exam(exam(5))
            .build()
            .run();
    assertThat(recommendation.isConclusive()).isFalse();
  }

  @Test
  void leavesOutWhatIsTooSlow() {
    Experiment.Builder builder =
        Experiment.builder()
            .base(knowing("base", i -> i % 4 == 0))
            .rag(slow("rag", i -> true))
            .exam(exam(80));
    assertThat(builder.build().run().strategy()).isEqualTo(Strategy.RAG);
    Recommendation recommendation = builder.slowest(Duration.ofMillis(3)).build().run();
    assertThat(recommendation.strategy()).isEqualTo(Strategy.PROMPTING);
    assertThat(recommendation.text()).contains("ms, too slow |");
    assertThatIllegalStateException()
        .isThrownBy(() -> builder.slowest(Duration.ofNanos(1)).build().run())
        .withMessageContaining("longer than");
  }

  @Test
  void keptRepliesAreUsedAgain() {
    Experiment experiment =
        Experiment.builder()
            .base(knowing("base", i -> i % 4 == 0))
            .rag(knowing("rag", i -> i % 10 != 0))
            .exam(exam(100))
            .evaluator(evaluator -> evaluator.replies(folder))
            .build();
    Recommendation first = experiment.run();
    Recommendation second = experiment.run();
    assertThat(second.strategy()).isEqualTo(first.strategy());
    assertThat(second.chosen().timePerQuestion()).isZero();
  }

  @Test
  void refusesWhatCannotBeCompared() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Experiment.builder().base(knowing("a", i -> true)).exam(exam(2)).build())
        .withMessageContaining("two or more")
        .withMessageContaining("PROMPTING");
    refuses(IllegalArgumentException.class, () -> Experiment.builder().build(), "exam");
    refuses(IllegalArgumentException.class, () -> Experiment.builder().margin(0), "margin");
  }
}
