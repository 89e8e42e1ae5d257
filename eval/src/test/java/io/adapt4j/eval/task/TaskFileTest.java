package io.adapt4j.eval.task;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskFileTest {

  @TempDir Path folder;

  @BeforeEach
  void writeRows() {
    write(
        "exam.jsonl",
        """
        {"id":"x","question":"Two and two?","answer":"4","topic":"sums"}
        {"id":"y","question":"Three and three?","answer":"6","topic":"sums"}
        """);
    write("solved.jsonl", "{\"question\":\"One and one?\",\"answer\":\"2\"}\n");
    write("choices.jsonl", "{\"question\":\"?\",\"choices\":[\"x\",\"y\"],\"answer\":0}\n");
    write("labels.csv", "text,label\na joy,1\na bore,0\n");
    write("texts.jsonl", "{\"text\":\"Once upon a time.\"}\n");
    write("pairs.jsonl", "{\"document\":\"Long.\",\"summary\":\"Short.\"}\n");
    write("gsm8k.jsonl", "{\"question\":\"How many?\",\"answer\":\"So.\\n#### 2\"}\n");
    write(
        "truth.csv",
        """
        Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source
        A,Law,Why?,x,x; y,z,none
        """);
    write(
        "squad.json",
        """
        {"data":[{"id":"1","title":"T","context":"C","question":"Q?","answers":[{"text":"a"}]}]}
        """);
  }

  private Path write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Task> read(String yaml) {
    return TaskFile.read(write("tasks.yaml", yaml));
  }

  private static Request.Answer asked(Task task) {
    return (Request.Answer) task.items().get(0).requests().get(0);
  }

  @Test
  void describesAQuestionWithTemplateExamplesExtractionAndMetrics() {
    Task task =
        read("""
                name: sums
                general: true
                limit: 1
                answers:
                  path: exam.jsonl
                  prompt: "Q: {question}\\nA:"
                  answer: answer
                  fewShot: {count: 1, path: solved.jsonl}
                  separator: "\\n---\\n"
                  maxNewTokens: 12
                  stop: ["\\nQ:"]
                  extract: {last: "\\\\d+"}
                  metrics: [exact-match, chrf]
                  slices: topic
                """)
            .get(0);

    assertThat(task.name()).isEqualTo("sums");
    assertThat(task.isGeneral()).isTrue();
    assertThat(task.items()).hasSize(1);
    assertThat(task.items().get(0).fields()).containsEntry("topic", "sums");
    assertThat(asked(task).prompt()).isEqualTo("Q: One and one?\nA: 2\n---\nQ: Two and two?\nA:");
    assertThat(asked(task).options().maxNewTokens()).isEqualTo(12);
    assertThat(asked(task).options().stopStrings()).containsExactly("\nQ:");
    assertThat(task.metrics())
        .extracting(TaskMetric::name)
        .containsExactly("exact_match", "chrf", "cut");
    assertThat(
            task.items()
                .get(0)
                .judge(List.of(new Reply.Text("2 and 2 is 4", FinishReason.STOP)))
                .metric("exact_match"))
        .isEqualTo(1);
  }

  @Test
  void reachesEveryReadyMadeTask() {
    List<Task> tasks =
        read(
            """
            tasks:
              - questions: {path: exam.jsonl}
              - choices: {path: choices.jsonl, choices: choices, answer: answer}
              - name: by likelihood
                classes:
                  {path: labels.csv, label: label, prompt: "{text} is", words: {"0": bad, "1": good}}
              - name: by head
                classes: {path: labels.csv, label: label, text: text}
              - summaries: {path: pairs.jsonl}
              - perplexity: {path: texts.jsonl, window: 64, stride: 32}
              - name: letters
                multipleChoice: {path: choices.jsonl, style: letters}
              - mmlu: {path: choices.jsonl, fewShot: {count: 1, path: choices.jsonl}}
              - gsm8k: {path: gsm8k.jsonl}
              - truthfulQa: {path: truth.csv}
              - squad: {path: squad.json, passage: false}
            """);

    assertThat(tasks)
        .extracting(Task::name)
        .containsExactly(
            split(
                "|",
                "exam.jsonl|choices|by likelihood|by head|pairs|texts|letters|mmlu|gsm8k",
                "truthfulqa_mc2|squad"));
    assertThat(tasks.get(3).items().get(0)).isInstanceOf(ClassItem.class);
    assertThat(tasks.get(5).items().get(0).requests())
        .containsExactly(new Request.WholeText("Once upon a time.", 64, 32));
  }

  @Test
  void includesOtherFilesWhosePathsBeginWhereTheyStand() throws IOException {
    Files.createDirectories(folder.resolve("more"));
    write("more/t.jsonl", "{\"text\":\"A text.\"}\n");
    write("more/one.yaml", "name: included\nperplexity: {path: t.jsonl}\n");

    assertThat(read("tasks:\n  - file: more/one.yaml\n  - questions: {path: exam.jsonl}\n"))
        .extracting(Task::name)
        .containsExactly("included", "exam.jsonl");
  }

  @Test
  void saysEverythingThatIsWrongAtOnceWithPlaceAndRemedy() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    tasks:
                      - answers: {path: exam.jsonl, prompt: "{question}", answr: answer, metrics: rogue}
                      - gsm8k: {path: gsm8k.jsonl, fewShot: {count: -1, path: gsm8k.jsonl}}
                      - perplexities: {path: texts.jsonl}
                    """))
        .isInstanceOfSatisfying(
            SettingsException.class,
            e ->
                assertThat(e.problems())
                    .anySatisfy(
                        text ->
                            assertThat(text)
                                .contains("tasks.yaml:2", "tasks[0].answers.answr", "'answer'"))
                    .anySatisfy(text -> assertThat(text).contains("'rogue'", "'rouge'"))
                    .anySatisfy(
                        text -> assertThat(text).contains("tasks.yaml:3", "fewShot.count", "-1"))
                    .anySatisfy(text -> assertThat(text).contains("expected one kind of task"))
                    .anySatisfy(text -> assertThat(text).contains("'perplexity'")));
  }

  @Test
  void namesTheRowThatCannotBeUsed() {
    write("broken.jsonl", "{\"question\":\"?\",\"choices\":[\"x\",\"y\"],\"answer\":7}\n");

    assertThatThrownBy(() -> read("multipleChoice: {path: broken.jsonl}"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("tasks.yaml:1")
        .hasMessageContaining("broken.jsonl line 1")
        .hasMessageContaining("found 7");
  }

  @Test
  void namesTheFileThatIsNotThere() {
    assertThatThrownBy(() -> read("questions: {path: missing.jsonl}"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("questions.path")
        .hasMessageContaining("missing.jsonl");
    assertThatThrownBy(() -> read("tasks:\n  - file: missing.yaml\n"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("tasks[0].file")
        .hasMessageContaining("missing.yaml");
  }

  @Test
  void refusesNamesThatOccurTwiceAndFilesThatNameThemselves() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    tasks:
                      - questions: {path: exam.jsonl}
                      - questions: {path: exam.jsonl}
                    """))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("tasks.yaml:3")
        .hasMessageContaining("exam.jsonl");
    refuses(SettingsException.class, () -> read("tasks:\n  - file: tasks.yaml\n"), "names itself");
  }

  @Test
  void refusesAPatternThatIsNone() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    answers: {path: exam.jsonl, answer: answer, extract: {first: "(4"}}
                    """))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("answers.extract.first");
  }
}
