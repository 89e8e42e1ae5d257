package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run leaves of how it was made, and the run made again from it. */
class ProvenanceTest {

  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";

  @TempDir private Path folder;
  private Path model;
  private Path rows;

  @BeforeEach
  void writeModelAndRows() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    rows = folder.resolve("rows.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      lines.append("{\"text\": \"Lily saw ").append("a big dog ".repeat(i % 3 + 1)).append("\"}\n");
    }
    Files.writeString(rows, lines);
  }

  private FineTuner.Builder tuner(Dataset data) {
    return described(FineTuner.builder().dataset(data));
  }

  private FineTuner.Builder described(FineTuner.Builder builder) {
    return builder
        .model(ModelSource.path(model))
        .method(FullFineTuning.create())
        .epochs(2)
        .batchSize(4)
        .learningRate(1e-3)
        .output(folder.resolve("run"));
  }

  private FineTuner.Builder split(long seed) {
    Split split = Datasets.jsonl(rows).split(0.75, 0.25, 0, seed);
    return described(FineTuner.builder().dataset(split)).keepBest();
  }

  private static List<Double> losses(FineTuner.Builder tuner) {
    List<Double> losses = new ArrayList<>();
    tuner
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                losses.add(event.loss());
              }
            })
        .build()
        .run();
    return losses;
  }

  private static byte[] weights(Path checkpoint) throws IOException {
    return Files.readAllBytes(checkpoint.resolve("model.safetensors"));
  }

  @Test
  void aRunAndEachOfItsCheckpointsCarryTheRecord() throws IOException {
    split(1).build().run();
    Path run = folder.resolve("run");
    for (Path place : List.of(run, run.resolve("last"), run.resolve("best"))) {
      JsonNode record = Provenance.read(place).json();
      assertThat(record.path("schema").asInt()).isEqualTo(1);
      assertThat(record.path("seed").asLong()).isEqualTo(42);
      assertThat(record.at("/configuration/method/full").isObject()).isTrue();
      assertThat(record.at("/configuration/data/split/seed").asInt()).isEqualTo(1);
      assertThat(record.at("/data/files/0/sha256").asText()).isEqualTo(FileDigest.sha256(rows));
      assertThat(record.at("/data/files/0/rows").asInt()).isEqualTo(12);
      assertThat(record.at("/data/training/kept").asInt()).isEqualTo(9);
      assertThat(record.at("/data/validation/kept").asInt()).isEqualTo(3);
      assertThat(record.path("model").path("files").findValuesAsText("path"))
          .anyMatch(path -> path.endsWith("model.safetensors"))
          .anyMatch(path -> path.endsWith("config.json"))
          .anyMatch(path -> path.endsWith("tokenizer.json"));
      assertThat(record.at("/environment/engine").asText()).startsWith("2.");
      assertThat(record.at("/environment/library").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
      assertThat(record.at("/metrics/step").asInt()).isEqualTo(6);
      assertThat(record.at("/metrics/validationLoss").isNumber()).isTrue();
      assertThat(record.has("chatTemplate")).isFalse();
      assertThat(record.has("omitted")).isFalse();
    }
    assertThat(Provenance.read(run).json().at("/metrics/ended").asText()).isEqualTo("completed");
  }

  @Test
  void aRunRepeatedFromItsRecordHasTheSameLossesAndWeights() throws IOException {
    List<Double> losses = losses(split(1));
    assertThat(losses).hasSize(6);
    assertThat(losses(FineTuner.repeat(folder.resolve("run/last")))).isEqualTo(losses);
    Path again = folder.resolve("run-repeat");
    assertThat(weights(again.resolve("last"))).isEqualTo(weights(folder.resolve("run/last")));
    assertThat(weights(again.resolve("best"))).isEqualTo(weights(folder.resolve("run/best")));
  }

  @Test
  void everythingThatChangedSinceIsNamedBeforeAnythingIsTrained() throws IOException {
    split(1).build().run();
    Files.writeString(rows, "{\"text\": \"other\"}\n".repeat(12));
    Files.writeString(
        model.resolve("config.json"),
        Files.readString(model.resolve("config.json")).replace("1e-05", "1e-06") + " ");
    Files.delete(model.resolve("tokenizer.json"));
    assertThatThrownBy(() -> FineTuner.repeat(folder.resolve("run")))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("data: " + rows + " has changed: its sha256 was ")
        .hasMessageContaining("model: " + model.resolve("config.json") + " has changed")
        .hasMessageContaining("model: " + model.resolve("tokenizer.json") + " is missing");
  }

  @Test
  void dataOfAProgramIsAskedForAndCompared() {
    List<Double> losses = losses(tuner(SmallModel.sentences(8)));
    Path record = folder.resolve("run/provenance.json");
    assertThatThrownBy(() -> FineTuner.repeat(record))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("data: rows in memory")
        .hasMessageContaining("repeat(record, data)");
    assertThat(losses(FineTuner.repeat(record, SmallModel.sentences(8)))).isEqualTo(losses);
    FineTuner other =
        FineTuner.repeat(record, SmallModel.sentences(9)).output(folder.resolve("other")).build();
    assertThatThrownBy(other::run)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("training data: its encoded samples were 8 with sha256 ")
        .hasMessageContaining("are 9 with ");
    assertThat(folder.resolve("other/last")).doesNotExist();
  }

  @Test
  void dataOfAProgramIsAskedForAlsoWhereOtherDataIsTold() {
    Dataset told = Datasets.jsonl(rows).take(2);
    Split data = new Split(SmallModel.sentences(8), told, told.take(0));
    List<Double> losses = losses(described(FineTuner.builder().dataset(data)));
    assertThat(losses(FineTuner.repeat(folder.resolve("run/provenance.json"), data)))
        .isEqualTo(losses);
  }

  @Test
  void aRunThatGoesOnFromAnotherNamesItsRecord() throws IOException {
    split(1).build().run();
    model = folder.resolve("run/best");
    split(1).output(folder.resolve("second")).build().run();
    JsonNode parent = Provenance.read(folder.resolve("second")).json().path("parent");
    assertThat(parent.path("path").asText()).isEqualTo(model.resolve(Provenance.FILE).toString());
    assertThat(parent.path("sha256").asText())
        .isEqualTo(FileDigest.sha256(model.resolve(Provenance.FILE)));
  }

  @Test
  void aDamagedOrNewerRecordIsRefused() throws IOException {
    Path record = folder.resolve("provenance.json");
    Files.writeString(record, "{\"schema\": 2}");
    refuses(
        CheckpointException.class, () -> FineTuner.repeat(record), "schema: expected 1, found 2");
    Files.writeString(record, "{\"schema\": 1");
    refuses(CheckpointException.class, () -> FineTuner.repeat(record), "not valid JSON");
    assertThatThrownBy(() -> FineTuner.repeat(folder.resolve("nothing")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("reading failed");
  }

  @Test
  void theTemplateOfTrainingIsSavedAndAnotherRefusedInUse() throws IOException {
    Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
    String row =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"What?\"},"
            + " {\"role\": \"assistant\", \"content\": \"A ball.\"}]}\n";
    Files.writeString(rows, row.repeat(8));
    tuner(Datasets.jsonl(rows)).build().run();

    Path last = folder.resolve("run/last");
    String digest = ChatTemplate.of(TEMPLATE, Map.of()).digest();
    assertThat(ChatTemplate.read(last).digest()).isEqualTo(digest);
    assertThat(Provenance.read(last).chatTemplate()).contains(digest);

    Files.writeString(last.resolve("chat_template.jinja"), TEMPLATE.replace(": ", "> "));
    List<ChatMessage> chat = List.of(ChatMessage.user("What?"));
    GenerationOptions options = GenerationOptions.builder().maxNewTokens(2).build();
    ChatTemplate other = ChatTemplate.read(last);
    try (LanguageModel tuned = LanguageModel.load(ModelSource.path(last))) {
      assertThatThrownBy(() -> tuned.chat(chat, options))
          .isInstanceOf(ChatException.class)
          .hasMessageContaining(digest)
          .hasMessageContaining(other.digest())
          .hasMessageContaining("useAnyChatTemplate");
      assertThatThrownBy(() -> tuned.useChatTemplate(other)).isInstanceOf(ChatException.class);
      tuned.useAnyChatTemplate(other);
      tuned.chat(chat, options);
      tuned.useChatTemplate(ChatTemplate.of(TEMPLATE, Map.of()));
      tuned.chat(chat, options);
    }

    Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE.replace(": ", "> "));
    assertThatThrownBy(() -> FineTuner.repeat(last))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("chat template: its sha256 was " + digest);
  }
}
