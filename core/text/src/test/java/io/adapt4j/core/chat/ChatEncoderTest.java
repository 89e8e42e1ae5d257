package io.adapt4j.core.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.EncodedChat;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChatEncoderTest {

  private static final List<ChatMessage> TALK =
      List.of(
          ChatMessage.user("Once \uD83D\uDE00"),
          ChatMessage.assistant("upon a time"),
          ChatMessage.user("there"),
          ChatMessage.assistant("was a girl"));

  @Test
  void marksTheTokensOfAnswersAndOfWhatEndsThem() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ChatEncoder encoder =
          new ChatEncoder(tokenizer, TestTemplates.template(TestTemplates.BRACKETS));
      EncodedChat chat = encoder.encodeWithMask(TALK, ChatOptions.defaults(), false);
      int eos = tokenizer.eosId().orElseThrow();
      assertThat(chat.ids()).hasSameSizeAs(chat.assistantMask());
      assertThat(tokenizer.decode(learned(chat), false)).isEqualTo("upon a time</s>was a girl</s>");
      assertThat(Arrays.stream(chat.ids()).filter(id -> id == eos)).hasSize(2);
    }
  }

  private static EncodedChat encoded(String template, List<ChatMessage> talk, boolean lastOnly) {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      return new ChatEncoder(tokenizer, TestTemplates.template(template))
          .encodeWithMask(talk, ChatOptions.defaults(), lastOnly);
    }
  }

  @Test
  void anAnswerThatStandsOtherwiseOnceMessagesFollowIsRefused() {
    assertThatThrownBy(() -> encoded(TestTemplates.THINKING, TALK, false))
        .isInstanceOf(ChatException.class)
        .hasMessageContaining("message 1 (assistant): the template writes")
        .hasMessageContaining("<|assistant|><think></think>upon")
        .hasMessageContaining("lossOn LAST_ASSISTANT");
    assertThat(encoded(TestTemplates.THINKING, TALK, true).ids()).isNotEmpty();
    assertThat(encoded(TestTemplates.THINKING, TALK.subList(0, 2), false).ids()).isNotEmpty();
    List<ChatMessage> calls =
        List.of(
            ChatMessage.user("Time?"),
            ChatMessage.assistant("Let me look."),
            ChatMessage.tool("noon"),
            ChatMessage.assistant("It is noon."));
    assertThatThrownBy(() -> encoded(TestTemplates.THINKING, calls, false))
        .hasMessageContaining("message 1 (assistant)");
    // What ends a whole conversation is no part of an answer.
    for (String same : List.of(TestTemplates.SIGNS, TestTemplates.ENDED)) {
      assertThat(encoded(same, TALK, false).ids()).isNotEmpty();
    }
  }

  @Test
  void theBeginningTokenThatTheTemplateWritesIsTheOnlyOne() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ChatEncoder encoder =
          new ChatEncoder(tokenizer, TestTemplates.template(TestTemplates.BRACKETS));
      int[] ids = encoder.encode(TALK.subList(0, 1), ChatOptions.defaults());
      int bos = tokenizer.bosId().orElseThrow();
      assertThat(ids[0]).isEqualTo(bos);
      assertThat(Arrays.stream(ids).filter(id -> id == bos)).hasSize(1);
    }
  }

  @Test
  void aTokenizerThatAddsATokenByItselfAddsNoSecondOne() {
    Path folder = TestTokenizers.shared("mistral-7b-v0.1");
    ChatTemplate template = TestTemplates.template(TestTemplates.BRACKETS);
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      int bos = tokenizer.bosId().orElseThrow();
      EncodedChat chat =
          new ChatEncoder(tokenizer, template).encodeWithMask(TALK, ChatOptions.defaults(), false);
      assertThat(chat.ids()[0]).isEqualTo(bos);
      assertThat(Arrays.stream(chat.ids()).filter(id -> id == bos)).hasSize(1);
      assertThat(tokenizer.decode(learned(chat), true)).isEqualTo("upon a timewas a girl");
    }
  }

  @Test
  void aRealChatTokenizerGivesTheIdsOfTheReference() throws IOException {
    Path folder = TestTokenizers.shared("smollm2-135m-instruct");
    ChatTemplate template = ChatTemplate.read(folder);
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, template);
      for (JsonNode expected : TestTokenizers.expected(folder).get("chat")) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode message : expected.get("messages")) {
          messages.add(
              ChatMessage.of(
                  Map.of(
                      "role", message.get("role").asText(),
                      "content", message.get("content").asText())));
        }
        ChatOptions options = ChatOptions.defaults();
        if (expected.get("add_generation_prompt").asBoolean()) {
          options = options.withGenerationPrompt();
        }
        assertThat(template.render(messages, options)).isEqualTo(expected.get("text").asText());
        assertThat(encoder.encode(messages, options))
            .isEqualTo(TestTokenizers.ints(expected.get("ids_no_special")));
      }
    }
  }

  private static int[] learned(EncodedChat chat) {
    return IntStream.range(0, chat.ids().length)
        .filter(i -> chat.assistantMask()[i])
        .map(i -> chat.ids()[i])
        .toArray();
  }
}
