package io.adapt4j.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowTaskTest {

  @TempDir Path folder;

  private Path file(String name, String... lines) {
    try {
      return Files.write(folder.resolve(name), List.of(lines));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RowTask capitals() {
    return RowTask.of(
            "capitals", file("capitals.csv", "id,country,capital,part", "fr,France,Paris,Europe"))
        .prompt("Q: What is the capital of {country}?\nA:");
  }

  private static Map<String, Double> judged(Task task, String text) {
    return task.items().get(0).judge(List.of(new Reply.Text(text, FinishReason.STOP))).metrics();
  }

  @Test
  void putsFieldsIntoThePromptAndSolvedRowsBeforeIt() {
    Path solved = file("solved.csv", "country,capital", "Italy,Rome", "Spain,Madrid");

    Task task =
        capitals()
            .fewShot(1, solved)
            .slicedBy("part")
            .answers("capital", AnswerExtraction.firstLine(), AnswerMetric.SQUAD);

    TextItem item = (TextItem) task.items().get(0);
    assertThat(item.prompt())
        .isEqualTo(
            """
            Q: What is the capital of Italy?
            A: Rome

            Q: What is the capital of France?
            A:""");
    assertThat(item.id()).isEqualTo("fr");
    assertThat(item.fields()).containsExactly(Map.entry("part", "Europe"));
    assertThat(judged(task, "\nParis.\nQ: And of Spain?"))
        .containsEntry("exact_match", 1.0)
        .containsEntry(TextItem.CUT, 0.0);
    assertThat(task.primary().name()).isEqualTo("f1");
  }

  @Test
  void anEmptyAnswerIsWrongAndNoError() {
    for (AnswerMetric metric :
        List.of(
            AnswerMetric.EXACT_MATCH,
            AnswerMetric.SQUAD,
            AnswerMetric.NUMBER,
            AnswerMetric.ROUGE,
            AnswerMetric.BLEU,
            AnswerMetric.CHRF)) {
      Task task = capitals().answers("capital", AnswerExtraction.whole(), metric);
      assertThat(judged(task, "").get(task.primary().name()))
          .as(metric.names().toString())
          .isZero();
    }
  }

  @Test
  void aRightAnswerGetsTheMostOfEveryMetric() {
    for (AnswerMetric metric : List.of(AnswerMetric.EXACT_MATCH, AnswerMetric.ROUGE)) {
      Task task = capitals().answers("capital", AnswerExtraction.whole(), metric);
      assertThat(judged(task, " Paris ").get(task.primary().name())).isCloseTo(1, within(1e-12));
    }
    for (AnswerMetric metric : List.of(AnswerMetric.BLEU, AnswerMetric.CHRF)) {
      Task task = capitals().answers("capital", AnswerExtraction.whole(), metric);
      assertThat(judged(task, "Paris").get(task.primary().name())).isCloseTo(100, within(1e-9));
    }
  }

  @Test
  void refusesTwoMetricsOfOneName() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                capitals()
                    .answers(
                        "capital",
                        AnswerExtraction.whole(),
                        AnswerMetric.SQUAD,
                        AnswerMetric.NUMBER))
        .withMessageContaining("exact_match");
  }

  @Test
  void namesFileLineAndFieldOfARowThatLacksOne() {
    Path rows =
        file("rows.jsonl", "{\"country\":\"France\",\"capital\":\"Paris\"}", "{\"capital\":\"x\"}");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RowTask.of("rows", rows)
                    .prompt("{country}?")
                    .answers("capital", AnswerExtraction.whole(), AnswerMetric.SQUAD))
        .withMessageContaining("rows.jsonl line 2")
        .withMessageContaining("country");
  }

  @Test
  void refusesIdsThatOccurTwice() {
    Path rows =
        file(
            "twice.jsonl",
            "{\"id\":\"a\",\"question\":\"?\",\"answer\":\"x\"}",
            "{\"id\":\"a\",\"question\":\"!\",\"answer\":\"x\"}");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RowTask.of("twice", rows)
                    .answers("answer", AnswerExtraction.whole(), AnswerMetric.SQUAD))
        .withMessageContaining("row 2")
        .withMessageContaining("'a'");
  }

  @Test
  void refusesMoreExamplesThanThereAre() {
    Path solved = file("solved.csv", "country,capital", "Italy,Rome");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                capitals()
                    .fewShot(2, solved)
                    .answers("capital", AnswerExtraction.whole(), AnswerMetric.SQUAD))
        .withMessageContaining("expected 2")
        .withMessageContaining("found 1");
  }

  @Test
  void takesTheRightChoiceByNumberLetterOrText() {
    Path rows =
        file(
            "c.jsonl",
            "{\"question\":\"?\",\"options\":[\"x\",\"y\"],\"key\":1}",
            "{\"question\":\"?\",\"options\":[\"x\",\"y\"],\"key\":\"B\"}",
            "{\"question\":\"?\",\"options\":[\"x\",\"y\"],\"key\":\"y\"}");

    Task task = RowTask.of("c", rows).choices("options", "key");

    assertThat(task.items())
        .allSatisfy(item -> assertThat(((ChoiceItem) item).right()).containsExactly(1));
    Path wrong = file("w.jsonl", "{\"question\":\"?\",\"options\":[\"x\",\"y\"],\"key\":\"C\"}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RowTask.of("w", wrong).choices("options", "key"))
        .withMessageContaining("w.jsonl line 1")
        .withMessageContaining("'key'");
  }

  @Test
  void asksForClassesByTheLikelihoodOfTheirWords() {
    Path rows = file("sst.csv", "text,label", "a joy,1", "a bore,0");

    Task task =
        RowTask.of("sst", rows)
            .prompt("Review: {text}\nIt is")
            .classes("label", Map.of("0", "bad", "1", "good"));

    ChoiceItem first = (ChoiceItem) task.items().get(0);
    assertThat(first.context()).isEqualTo("Review: a joy\nIt is");
    assertThat(first.choices().get(first.right().get(0))).isEqualTo("good");
    assertThat(task.metrics()).isEqualTo(ClassMetrics.ALL);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RowTask.of("sst", rows)
                    .prompt("{text}")
                    .classes("label", Map.of("0", "bad", "2", "good")))
        .withMessageContaining("sst.csv")
        .withMessageContaining("found 1");
  }

  @Test
  void takesTheClassesOfTheRowsWhereNoWordsAreGiven() {
    Path rows = file("t.csv", "text,label", "goal,sport", "vote,politics", "match,sport");

    Task task = RowTask.of("t", rows).prompt("{text} is about").classes("label", Map.of());

    assertThat(((ChoiceItem) task.items().get(0)).choices()).containsExactly("politics", "sport");
  }

  @Test
  void scoresSummariesByRouge() {
    Path rows = file("s.jsonl", "{\"dialogue\":\"A: Hi. B: Hi.\",\"summary\":\"They greet.\"}");

    Task task = Tasks.summaries("s", rows, "dialogue", "summary");

    assertThat(((TextItem) task.items().get(0)).prompt()).isEqualTo("A: Hi. B: Hi.\n\nSummary:\n");
    assertThat(task.primary().name()).isEqualTo("rougeL");
    assertThat(judged(task, "they greeted")).containsEntry("rouge1", 1.0);
  }
}
