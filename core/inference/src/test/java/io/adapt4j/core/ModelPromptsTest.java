package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.PromptTooLongException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ModelPromptsTest {

  private static final GenerationOptions FEW =
      GenerationOptions.greedy().toBuilder().maxNewTokens(8).build();

  @AutoClose private static LanguageModel model;

  @BeforeAll
  static void load() {
    model = TestModels.stories();
    model.useChatTemplate(ChatTemplate.named("chatml"));
  }

  @Test
  void aPreparedPromptIsAnsweredAsItsTextIs() {
    ModelPrompts.Prepared prompt =
        model.prompts().text("Once upon a", FEW, new CancellationToken());
    assertThat(prompt.length()).isEqualTo(prompt.tokenIds().length).isPositive();
    Generation found = generate(prompt);
    assertThat(found.text()).isEqualTo(model.generate("Once upon a", FEW));
    assertThat(found.promptTokens()).isEqualTo(prompt.length());
  }

  @Test
  void aPreparedConversationIsAnsweredAsItIsAndEndsWithItsTurn() {
    List<ChatMessage> messages = List.of(ChatMessage.user("Hello"));
    ModelPrompts.Prepared prompt =
        model.prompts().chat(messages, ChatOptions.defaults(), FEW, new CancellationToken());
    assertThat(prompt.options().stopStrings()).containsExactly("<|im_end|>");
    assertThat(generate(prompt).text()).isEqualTo(model.chat(messages, FEW));
  }

  @Test
  void aTextThatDoesNotFitIsRefusedBeforeAllOfItIsRead() {
    String text = "Tim ran. ".repeat(400_000);
    assertThatExceptionOfType(PromptTooLongException.class)
        .isThrownBy(() -> model.prompts().text(text, FEW, new CancellationToken()))
        .withMessageContaining("at least")
        .withMessageContaining("context holds 512")
        .satisfies(
            e -> {
              assertThat(e.limit()).isEqualTo(512);
              assertThat(e.promptTokens()).isGreaterThan(511);
            });
    refuses(PromptTooLongException.class, () -> model.generate(text, FEW));
  }

  @Test
  void aConversationThatDoesNotFitIsRefused() {
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      messages.add(ChatMessage.user("a"));
      messages.add(ChatMessage.assistant("b"));
    }
    messages.add(ChatMessage.user("c"));
    refuses(PromptTooLongException.class, () -> model.chat(messages, FEW));
  }

  @Test
  void whatIsCancelledBeforehandIsNotPrepared() {
    CancellationToken cancelled = new CancellationToken();
    cancelled.cancel();
    String text = "Tim ran.";
    refuses(CancellationException.class, () -> model.prompts().text(text, FEW, cancelled));
    Generation nothing = model.generate(text, FEW, piece -> {}, cancelled);
    assertThat(nothing.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(nothing.tokenIds()).isEmpty();
  }

  private static Generation generate(ModelPrompts.Prepared prompt) {
    return model.generate(
        prompt.tokenIds(), prompt.options(), piece -> {}, new CancellationToken());
  }
}
