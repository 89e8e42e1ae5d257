package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters that were trained on conversations bring the template of these. */
class ChatTemplateAdapterTest {

  private static final Path MODEL = Path.of("../examples/models/stories260K");
  private static final List<ChatMessage> TALK = List.of(ChatMessage.user("What?"));
  private static final GenerationOptions SHORT =
      GenerationOptions.greedy().toBuilder().maxNewTokens(4).build();

  @TempDir private Path folder;

  static Stream<Arguments> methods() {
    Function<Path, Adapter> lora = LoraAdapter::at;
    Function<Path, Adapter> ia3 = path -> ProjectionAdapterMechanics.at(Ia3Vectors.KIND, path);
    return Stream.of(Arguments.of(Lora.rank(2), lora), Arguments.of(Ia3.create(), ia3));
  }

  private FineTuneReport tune(Path base, FineTuningMethod method, String template)
      throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"What?\"},"
                + " {\"role\": \"assistant\", \"content\": \"A ball.\"}]}\n")
            .repeat(8));
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(Datasets.jsonl(rows))
        .method(method)
        .output(folder.resolve("run"))
        .maxSteps(1)
        .chatTemplate(template)
        .build()
        .run();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theBaseWithTheAdapterAnswersInTheTemplateOfTraining(
      FineTuningMethod method, Function<Path, Adapter> at) throws IOException {
    FineTuneReport report = tune(MODEL, method, "chatml");
    // What tokenizers of other programs read beside an adapter.
    assertThat(report.best())
        .isDirectoryContaining("glob:**/chat_template.jinja")
        .isDirectoryContaining("glob:**/tokenizer.json")
        .isDirectoryContaining("glob:**/tokenizer_config.json");
    ChatTemplate chatml = ChatTemplate.named("chatml");
    try (LanguageModel base = LanguageModel.load(ModelSource.path(MODEL));
        LanguageModel tuned =
            LanguageModel.load(ModelSource.path(MODEL), at.apply(report.best()))) {
      assertThat(base.hasChatTemplate()).isFalse();
      assertThat(base.isChatTuned()).isFalse();
      assertThat(tuned.hasChatTemplate()).isTrue();
      assertThat(tuned.isChatTuned()).isTrue();
      int asked = tuned.chat(TALK, SHORT, piece -> {}).promptTokens();
      base.useChatTemplate(chatml);
      assertThat(base.chat(TALK, SHORT, piece -> {}).promptTokens()).isEqualTo(asked);
    }
    try (LanguageModel later = LanguageModel.load(ModelSource.path(MODEL))) {
      later.addAdapter("chat", at.apply(report.best()));
      later.useAdapters("chat");
      assertThat(later.hasChatTemplate()).isTrue();
      later.chat(TALK, SHORT);
    }
  }

  @Test
  void aChosenTemplateCountsAlsoWhereTheBaseHasAnother() throws IOException {
    Path base = copyOfTheModel();
    Files.writeString(base.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    FineTuneReport report = tune(base, Lora.rank(2), "alpaca");
    try (LanguageModel tuned =
        LanguageModel.load(ModelSource.path(base), LoraAdapter.at(report.best()))) {
      int asked = tuned.chat(TALK, SHORT, piece -> {}).promptTokens();
      tuned.useChatTemplate(ChatTemplate.named("alpaca"));
      assertThat(tuned.chat(TALK, SHORT, piece -> {}).promptTokens()).isEqualTo(asked);
    }
    Path merged = folder.resolve("merged");
    LoraAdapter.at(report.best()).writeMerged(base, merged);
    assertThat(ChatTemplate.read(merged).builtInName()).contains("alpaca");
  }

  @Test
  void anAdapterOfTextsIsNotChatTunedThoughItsBaseHasATemplate() throws IOException {
    Path base = copyOfTheModel();
    Files.writeString(base.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    Path rows = folder.resolve("texts.jsonl");
    Files.writeString(rows, "{\"text\": \"Lily saw a ball.\"}\n".repeat(8));
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .dataset(Datasets.jsonl(rows))
            .method(Lora.rank(2))
            .output(folder.resolve("run"))
            .maxSteps(1)
            .build()
            .run();
    try (LanguageModel alone = LanguageModel.load(ModelSource.path(base));
        LanguageModel tuned =
            LanguageModel.load(ModelSource.path(base), LoraAdapter.at(report.best()))) {
      assertThat(alone.isChatTuned()).isTrue();
      assertThat(tuned.hasChatTemplate()).isTrue();
      assertThat(tuned.isChatTuned()).isFalse();
      alone.useAnyChatTemplate(ChatTemplate.of("{{ messages[0].role }}", Map.of()));
      assertThat(alone.isChatTuned()).isTrue();
    }
  }

  private Path copyOfTheModel() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }
}
