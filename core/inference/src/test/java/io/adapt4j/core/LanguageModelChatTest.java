package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelChatTest {

  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";
  private static final List<ChatMessage> TALK = List.of(ChatMessage.user("Lily"));
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(8).build();

  @TempDir private Path folder;

  @Test
  void anAnswerGoesOnFromTheRenderedConversation() throws IOException {
    SmallModel.write(folder);
    Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder))) {
      List<String> pieces = new ArrayList<>();
      Generation found = model.chat(TALK, GREEDY, pieces::add);
      int[] prompt = model.tokenizer().encode("<s>user: Lily\nassistant:", false);
      assertThat(found.promptTokens()).isEqualTo(prompt.length);
      assertThat(found.tokenIds().stream().mapToInt(Integer::intValue).toArray())
          .isEqualTo(model.generateIds(List.of(prompt), GREEDY).get(0));
      assertThat(String.join("", pieces)).isEqualTo(found.text());
      assertThat(model.chat(TALK, GREEDY)).isEqualTo(found.text());
    }
  }

  @Test
  void aFinalMessageCanBeContinued() throws IOException {
    SmallModel.write(folder);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder))) {
      model.useChatTemplate(ChatTemplate.of(TEMPLATE, Map.of("bos_token", "<s>")));
      Generation found =
          model.chat(
              List.of(TALK.get(0), ChatMessage.assistant("Once upon")),
              ChatOptions.defaults().withContinuedFinalMessage(),
              GREEDY,
              piece -> {},
              new CancellationToken());
      int[] prompt = model.tokenizer().encode("<s>user: Lily\nassistant: Once upon", false);
      assertThat(found.promptTokens()).isEqualTo(prompt.length);
    }
  }

  @Test
  void aModelWithoutAChatTemplateSaysSoAndWhatToDo() throws IOException {
    SmallModel.write(folder);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder))) {
      assertThatThrownBy(() -> model.chat(TALK, GREEDY))
          .isInstanceOf(ChatException.class)
          .hasMessageContaining(folder.toString())
          .hasMessageContaining("useChatTemplate");
    }
  }
}
