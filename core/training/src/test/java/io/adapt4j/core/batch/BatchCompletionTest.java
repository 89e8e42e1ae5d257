package io.adapt4j.core.batch;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers from a file to a file. */
class BatchCompletionTest {

  private static final int ROWS = 12;
  private static final GenerationOptions SAMPLED =
      GenerationOptions.builder().maxNewTokens(12).temperature(1).seed(7).build();

  @AutoClose private static LanguageModel model;

  @TempDir private Path folder;
  private Path input;
  private Path output;

  @BeforeAll
  static void load() {
    model = LanguageModel.load(ModelSource.path(Path.of("../../examples/models/stories260K")));
  }

  @BeforeEach
  void writeRows() throws IOException {
    input = folder.resolve("rows.jsonl");
    output = folder.resolve("answers.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      rows.append("{\"id\": %d, \"prompt\": \"Lily saw %d\"}\n".formatted(i, i));
    }
    Files.writeString(input, rows);
  }

  private BatchReport run(BatchCompletion batch) {
    return batch.run(Datasets.read(input), output);
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(new JsonMapper().readTree(line));
    }
    return lines;
  }

  @Test
  void eachRowHasWhatItGetsAlone() throws IOException {
    BatchReport report = run(BatchCompletion.of(model).options(SAMPLED));
    assertThat(report.isComplete()).isTrue();
    assertThat(report.done()).isEqualTo(ROWS);
    assertThat(report.failed()).isZero();
    List<JsonNode> lines = lines(output);
    assertThat(lines).hasSize(ROWS);
    for (int i = 0; i < ROWS; i++) {
      assertThat(lines.get(i).path("id").asInt()).isEqualTo(i);
      String alone =
          model.generate("Lily saw " + i, SAMPLED.toBuilder().seed(SAMPLED.seed() + i).build());
      assertThat(lines.get(i).path("completion").asText()).isEqualTo(alone);
      assertThat(lines.get(i).path("tokens").asInt()).isEqualTo(12);
      assertThat(lines.get(i).path("finishReason").asText()).isEqualTo("length");
    }
    assertThat(folder).isDirectoryNotContaining("glob:**.{part,lock}");
  }

  @Test
  void whatWasCutOffGoesOnToTheSameFile() throws IOException {
    run(BatchCompletion.of(model).options(SAMPLED));
    byte[] whole = Files.readAllBytes(output);
    Files.delete(output);

    CancellationToken token = new CancellationToken();
    BatchReport cut =
        run(
            BatchCompletion.of(model)
                .options(SAMPLED)
                .requests(2)
                .cancellation(token)
                .listener(
                    (done, rows) -> {
                      if (done >= 4) {
                        token.cancel();
                      }
                    }));
    assertThat(cut.isComplete()).isFalse();
    assertThat(cut.done()).isBetween(4, ROWS - 1);
    assertThat(output).doesNotExist();
    Path part = folder.resolve("answers.jsonl.part");
    // What a killed process may leave, and a line that was damaged on the disk.
    Files.writeString(part, "{\"row\":11,\"compl", StandardOpenOption.APPEND);
    Files.writeString(part, Files.readString(part).replaceFirst("promptTokens", "promptTokenz"));

    BatchReport rest = run(BatchCompletion.of(model).options(SAMPLED));
    assertThat(rest.kept()).isEqualTo(cut.done() - 1);
    assertThat(rest.isComplete()).isTrue();
    assertThat(output).hasBinaryContent(whole);
    assertThat(part).doesNotExist();
  }

  @Test
  void resultsOfAnotherBatchAreNotMixedIn() throws IOException {
    CancellationToken token = new CancellationToken();
    run(
        BatchCompletion.of(model)
            .options(SAMPLED)
            .requests(1)
            .cancellation(token)
            .listener((done, rows) -> token.cancel()));
    BatchCompletion other =
        BatchCompletion.of(model).options(SAMPLED.toBuilder().maxNewTokens(3).build());
    refuses(BatchException.class, () -> run(other), "options was", "maxNewTokens=3");
    Files.writeString(input, "{\"prompt\": \"One\"}\n", StandardOpenOption.APPEND);
    refuses(
        BatchException.class, () -> run(BatchCompletion.of(model).options(SAMPLED)), "input was");
    assertThat(run(other.overwrite()).done()).isEqualTo(ROWS + 1);
  }

  @Test
  void anOutputThatIsThereStaysUnlessItIsToBeReplaced() throws IOException {
    Files.writeString(output, "mine");
    refuses(BatchException.class, () -> run(BatchCompletion.of(model)), "say overwrite()");
    assertThat(output).hasContent("mine");
    run(BatchCompletion.of(model).options(SAMPLED).overwrite());
    assertThat(lines(output)).hasSize(ROWS);
  }

  @Test
  void aRowThatCannotBeAskedHasAnErrorAndTheOthersGoOn() throws IOException {
    Files.writeString(
        input, "{\"prompt\": \"%s\"}\n".formatted("word ".repeat(2000)), StandardOpenOption.APPEND);
    BatchReport report = run(BatchCompletion.of(model).options(SAMPLED));
    assertThat(report.isComplete()).isTrue();
    assertThat(report.failed()).isEqualTo(1);
    JsonNode last = lines(output).get(ROWS);
    assertThat(last.path("error").asText()).contains("tokens");
    assertThat(last.has("completion")).isFalse();
  }

  @Test
  void templatesAndConversationsMakePrompts() throws IOException {
    Files.writeString(input, "{\"hero\": \"Tom\"}\n{\"hero\": \"Lily\"}\n");
    run(
        BatchCompletion.of(model)
            .template(PromptTemplate.of("{hero} saw"))
            .field("story")
            .options(SAMPLED));
    assertThat(lines(output).get(0).path("story").asText())
        .isEqualTo(model.generate("Tom saw", SAMPLED));

    try (LanguageModel chats =
        LanguageModel.load(ModelSource.path(Path.of("../../examples/models/stories260K")))) {
      chats.useChatTemplate(ChatTemplate.named("chatml"));
      Files.writeString(
          input,
          "{\"messages\": [{\"role\": \"user\", \"content\": \"Who?\"}]}\n{\"prompt\": \"Who?\"}\n");
      run(
          BatchCompletion.of(chats)
              .options(SAMPLED.toBuilder().temperature(0).build())
              .overwrite());
      String alone =
          chats.chat(List.of(ChatMessage.user("Who?")), SAMPLED.toBuilder().temperature(0).build());
      assertThat(lines(output))
          .extracting(line -> line.path("completion").asText())
          .containsExactly(alone, alone);
    }
  }

  @Test
  void rowsWithoutAPromptOrWithTheFieldOfTheAnswerAreRefused() throws IOException {
    Files.writeString(input, "{\"question\": \"Who?\"}\n");
    assertThatThrownBy(() -> run(BatchCompletion.of(model)))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("rows.jsonl")
        .hasMessageContaining("found [question]");
    Files.writeString(input, "{\"prompt\": \"Who?\", \"completion\": \"Tom\"}\n");
    assertThatThrownBy(() -> run(BatchCompletion.of(model)))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("have a field 'completion' already");
  }
}
