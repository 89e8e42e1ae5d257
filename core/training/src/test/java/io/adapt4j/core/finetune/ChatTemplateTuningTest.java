package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.plan.FineTunePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tuning a base without a chat template on conversations. */
class ChatTemplateTuningTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private Path model;
  private Path rows;

  @BeforeEach
  void writeModelAndRows() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"What?\"},"
                + " {\"role\": \"assistant\", \"content\": \"A ball.\"}]}\n")
            .repeat(8));
  }

  private FineTuner.Builder tuner() {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(Datasets.jsonl(rows))
        .method(FullFineTuning.create())
        .output(folder.resolve("run"))
        .overwriteOutput()
        .maxSteps(1);
  }

  @Test
  void aMissingTemplateIsAProblemOfTheBuilderWithTheNamesThatHelp() {
    assertThatThrownBy(() -> tuner().build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("holds conversations, but the model")
        .hasMessageContaining("chatTemplate(...): alpaca, chatml");
    assertThatThrownBy(() -> tuner().chatTemplate("chatlm").epochs(0).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("epochs must be at least 1")
        .hasMessageContaining("Did you mean 'chatml'?");
  }

  @Test
  void theTemplateIsSavedWithTheResultWhichAnswersInIt() throws IOException {
    ObjectNode config = (ObjectNode) JSON.readTree(tokenizerConfig(model).toFile());
    JSON.writeValue(
        tokenizerConfig(model).toFile(), config.put("chat_template", "{{ messages[0].content }}"));
    FineTuneReport report = tuner().chatTemplate("zephyr").build().run();

    Path last = report.last();
    assertThat(ChatTemplate.read(last).builtInName()).contains("zephyr");
    assertThat(JSON.readTree(tokenizerConfig(last).toFile()).has("chat_template")).isFalse();
    Provenance record = Provenance.read(last);
    assertThat(record.configuration().path("chatTemplate").asText()).isEqualTo("zephyr");
    assertThat(record.chatTemplate()).contains(ChatTemplate.named("zephyr").digest());
    List<ChatMessage> talk = List.of(ChatMessage.user("What?"));
    try (LanguageModel tuned = LanguageModel.load(ModelSource.path(last));
        LanguageModel base = LanguageModel.load(ModelSource.path(model))) {
      assertThat(tuned.isChatTuned()).isTrue();
      GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(2).build();
      int asked = tuned.chat(talk, options, piece -> {}).promptTokens();
      base.useChatTemplate(ChatTemplate.named("zephyr"));
      assertThat(base.chat(talk, options, piece -> {}).promptTokens()).isEqualTo(asked);
    }
  }

  private static Path tokenizerConfig(Path folder) {
    return folder.resolve("tokenizer_config.json");
  }

  @Test
  void aTemplateOfTheUsersOwnIsRecordedWithItsTextAndRepeated() throws IOException {
    Path file = folder.resolve("mine.jinja");
    Files.writeString(
        file, "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}");
    FineTuneReport report = tuner().chatTemplate(file.toString()).build().run();
    JsonNode said = Provenance.read(report.last()).configuration().path("chatTemplate");
    assertThat(said.path("default").asText()).contains("{{ m.role }}");
    Files.delete(file);
    FineTuneReport again = FineTuner.repeat(report.last()).build().run();
    assertThat(again.lastLoss()).isEqualTo(report.lastLoss());
  }

  @Test
  void aTokenThatEndsAnswersEndsGenerationsInOtherProgramsToo() throws IOException {
    // A token of the vocabulary that ends no text so far, as <|im_end|> is in many bases.
    String sign = "<s>";
    JsonNode added = JSON.readTree(model.resolve("tokenizer.json").toFile()).path("added_tokens");
    int id = -1;
    for (JsonNode token : added) {
      id = token.path("content").asText().equals(sign) ? token.path("id").asInt() : id;
    }
    assertThat(id).isNotNegative();
    FineTuneReport report =
        tuner()
            .chatTemplate(
                ChatTemplate.of(
                    "{% for m in messages %}{{ m.role }}: {{ m.content }}"
                        + sign
                        + "\n{% endfor %}",
                    Map.of()))
            .build()
            .run();
    JsonNode generation =
        JSON.readTree(report.last().resolve("generation_config.json").toFile())
            .path("eos_token_id");
    assertThat(generation.isArray()).isTrue();
    assertThat(generation).extracting(JsonNode::asInt).contains(id).hasSizeGreaterThan(1);
  }

  @Test
  void thePlanAndTheDataReportSayWhatASignTakes() throws IOException {
    FineTunePlan plan = tuner().chatTemplate("chatml").build().plan();
    assertThat(plan.notes())
        .anyMatch(note -> note.contains("the chat template chatml, which is saved with the result"))
        .anyMatch(note -> note.matches(".*<\\|im_start\\|> \\(\\d+ tokens\\).*"));
    assertThat(plan.text()).contains("note: chat template: the tokenizer does not know");
    Path run = folder.resolve("run.yaml");
    Files.writeString(
        run,
        """
        model: model
        data: {path: rows.jsonl}
        method: full
        output: run
        chatTemplate: chatml
        """);
    DataReport report = RunDescription.read(run).checkData();
    assertThat(report.count(Check.TEMPLATE_SIGNS)).isEqualTo(1);
    assertThat(report.text()).contains("<|im_end|> (");
    // The text that ends an answer is learned, though it is no token.
    assertThat(report.count(Check.EOS_LOST)).isZero();
    assertThat(tuner().chatTemplate("chatml").build().preview(1).rows().get(0).remarks()).isEmpty();
    Files.writeString(rows, "{\"text\": \"A ball.\"}\n".repeat(8));
    assertThat(tuner().chatTemplate("chatml").build().plan().notes())
        .anyMatch(note -> note.contains("is not used"))
        .noneMatch(note -> note.contains("saved with the result"));
  }

  @Test
  void anAnswerEndsAtATextThatIsSeveralTokens() throws IOException {
    Path stories = Path.of("../../examples/models/stories260K");
    String template =
        "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}little girl"
            + "{% endif %}{% endfor %}";
    try (LanguageModel teller = LanguageModel.load(ModelSource.path(stories))) {
      GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(30).build();
      List<ChatMessage> talk = List.of(ChatMessage.user("Once upon a time, there was a"));
      assertThat(teller.generate("Once upon a time, there was a", options)).contains("little girl");
      assertThat(teller.tokenizer().encode("little girl", false)).hasSizeGreaterThan(1);
      teller.useChatTemplate(ChatTemplate.of(template, Map.of()));
      Generation answer = teller.chat(talk, options, piece -> {});
      assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP_STRING);
      assertThat(answer.text()).isBlank();
      assertThat(teller.chatAll(List.of(talk, talk), options))
          .allSatisfy(generation -> assertThat(generation.text()).isBlank());
      GenerationOptions on = options.toBuilder().ignoreEos(true).build();
      assertThat(teller.chat(talk, on)).contains("little girl");
    }
  }
}
