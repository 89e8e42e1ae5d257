package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelGeneratorTest {

  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(6).build();

  @TempDir private Path folder;

  @Test
  void conversationsAreRenderedByTheChatTemplateAndAnsweredInBatches() throws IOException {
    SmallModel.write(folder);
    Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      List<List<ChatMessage>> talks =
          List.of(
              List.of(ChatMessage.user("Lily")),
              List.of(ChatMessage.user("Tom and the dog")),
              List.of(ChatMessage.system("Be kind."), ChatMessage.user("Hi")));
      List<Integer> arrived = new ArrayList<>();
      List<GeneratedText> answers =
          model.asGenerator(2).generateAll(talks, GREEDY, (index, answer) -> arrived.add(index));
      assertThat(arrived).containsExactly(0, 1, 2);
      for (int i = 0; i < talks.size(); i++) {
        Generation alone = model.chat(talks.get(i), GREEDY, piece -> {});
        assertThat(answers.get(i).text()).isEqualTo(alone.text());
        assertThat(answers.get(i).usage())
            .contains(new TokenUsage(alone.promptTokens(), alone.tokenIds().size()));
        assertThat(answers.get(i).finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(model.asGenerator().generate(talks.get(i), GREEDY)).isEqualTo(answers.get(i));
      }
    }
  }

  @Test
  void aModelWithoutATemplateGoesOnFromTheTexts() throws IOException {
    SmallModel.write(folder);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      List<ChatMessage> messages = List.of(ChatMessage.system("Once."), ChatMessage.user("Lily"));
      List<String> pieces = new ArrayList<>();
      GeneratedText answer = model.asGenerator().stream(messages, GREEDY, pieces::add);
      assertThat(answer.text()).isEqualTo(model.generate("Once.\n\nLily", GREEDY));
      assertThat(String.join("", pieces)).isEqualTo(answer.text());
      assertThat(model.asGenerator().generateAll(List.of(messages), GREEDY))
          .containsExactly(answer);
    }
  }

  @Test
  void aPromptThatDoesNotFitIsARefusedRequest() throws IOException {
    SmallModel.write(folder);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      assertThatThrownBy(() -> model.asGenerator().generate("Lily saw a dog. ".repeat(50), GREEDY))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("context holds 64");
    }
  }

  @Test
  void theIdentityIsThatOfTheFolderAndChangesWithIt() throws IOException {
    SmallModel.write(folder);
    String first = identity();
    assertThat(identity()).isEqualTo(first);
    Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
    assertThat(identity()).isNotEqualTo(first);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      String before = model.asGenerator().identity().orElseThrow();
      model.useChatTemplate(ChatTemplate.of(TEMPLATE + " ", Map.of()));
      assertThat(model.asGenerator().identity().orElseThrow()).startsWith(before + " template ");
    }
  }

  private String identity() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      TextGenerator generator = model.asGenerator();
      return generator.identity().orElseThrow();
    }
  }
}
