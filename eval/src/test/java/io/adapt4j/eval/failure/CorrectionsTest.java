package io.adapt4j.eval.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.eval.SampleReports;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.Corrections.Correction;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorrectionsTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void chooseAFile() {
    file = folder.resolve("corrections/exam.jsonl");
  }

  private static FailureAnalysis exam() {
    return FailureAnalysis.of(SampleReports.single().result("exam"));
  }

  private static FailureAnalysis of(String prompt, String expected, String got) {
    Outcome outcome =
        new Outcome(
            "1", prompt, expected, got, Map.of("score", 0.0), OptionalDouble.empty(), Map.of());
    return FailureAnalysis.of(
        new TaskResult(
            "task",
            false,
            List.of(TaskMetric.mean("score")),
            Map.of("score", new ConfidenceInterval(0, 0, 0, 0.95)),
            List.of(outcome)));
  }

  @Test
  void writesFailuresAsRowsToTrainOn() {
    FailureAnalysis failures = exam();

    int rows = Corrections.write(failures, file);
    Dataset read = Datasets.jsonl(file);

    assertThat(rows).isEqualTo(failures.failures().size()).isEqualTo(read.size());
    for (int i = 0; i < rows; i++) {
      Outcome failure = failures.failures().get(i);
      assertThat(read.get(i))
          .isEqualTo(
              new Example.PromptCompletion(
                  failure.prompt().stripTrailing(), " " + failure.expected()));
      assertThat(read.source(i).orElseThrow().text("got")).isEqualTo(failure.got());
    }
  }

  @Test
  void readsCorrectionsBackAndKnowsWhichAnswersWereChanged() throws IOException {
    Corrections.write(exam(), file);
    List<String> lines = Files.readAllLines(file);
    String second = lines.get(1);
    String id = second.replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
    lines.set(1, second.replaceFirst("\"completion\":\"[^\"]*\"", "\"completion\":\" neither\""));
    lines.remove(0);
    Files.write(file, lines);

    Corrections read = Corrections.read(file);

    assertThat(read.all()).hasSize(lines.size());
    assertThat(read.changed()).extracting(Correction::id).containsExactly(id);
    Correction changed = read.changed().get(0);
    assertThat(((Example.PromptCompletion) changed.example()).completion()).isEqualTo(" neither");
    assertThat(changed.expected()).startsWith(" right");
    assertThat(changed.task()).isEqualTo("exam");
    assertThat(read.dataset().get(0)).isEqualTo(changed.example());
  }

  @Test
  void writesConversations() {
    Corrections.writeChat(of("How?", "So.", "No idea"), file);

    Example.Chat chat = (Example.Chat) Corrections.read(file).all().get(0).example();
    assertThat(chat.messages())
        .extracting(chatMessage -> chatMessage.role())
        .containsExactly("user", "assistant");
    assertThat(Corrections.read(file).changed()).isEmpty();
  }

  @Test
  void writesTextsThatWereScoredAsWholes() {
    assertThat(Corrections.write(of("A whole text.", "", ""), file)).isEqualTo(1);

    assertThat(Corrections.read(file).all().get(0).example())
        .isEqualTo(new Example.Text("A whole text."));
  }

  @Test
  void leavesOutWhatHasNoAnswerToExpect() {
    assertThat(Corrections.write(of("Say nothing", "", "Something"), file)).isZero();
    assertThat(file).isEmptyFile();
  }

  @Test
  void keepsHostileTexts() {
    String hostile = "\"}\n{\"prompt\": \u0000 \u2028 \uD83D\uDE00 \\u0022";
    Corrections.write(of(hostile, hostile, hostile + "\uD83D"), file);

    Correction read = Corrections.read(file).all().get(0);

    assertThat(read.example()).isEqualTo(new Example.PromptCompletion(hostile, " " + hostile));
    assertThat(read.got()).isEqualTo(hostile + "\uFFFD");
  }

  @Test
  void namesTheLineThatLacksWhereItIsFrom() throws IOException {
    Corrections.write(of("How?", "So.", "No"), file);
    Files.writeString(
        file, Files.readString(file) + "{\"prompt\":\"Why?\",\"completion\":\"Because.\"}\n");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Corrections.read(file))
        .withMessageContaining("exam.jsonl")
        .withMessageContaining("line 2")
        .withMessageContaining("'expected'");
  }

  @Test
  void refusesAFileWithoutRows() {
    Corrections.write(FailureAnalysis.of(exam().result(), -1), file);

    assertThat(file).isEmptyFile();
    assertThatThrownBy(() -> Corrections.read(file)).isInstanceOf(DatasetException.class);
  }
}
