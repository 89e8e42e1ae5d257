package io.adapt4j.core.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The templates that come with the library. Golden renderings are in {@link ChatGoldenTest}. */
class BuiltInTemplatesTest {

  private static final List<ChatMessage> TALK =
      List.of(
          ChatMessage.user("Is a whale a fish?"),
          ChatMessage.assistant("No, a mammal."),
          ChatMessage.user("And a shark?"));

  @TempDir private Path folder;

  static List<String> names() {
    return ChatTemplate.builtInNames();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyTemplateWritesEachMessageAndTellsWhatTheAssistantSays(String name) {
    ChatTemplate template =
        ChatTemplate.ofSources(ChatTemplate.named(name).sources())
            .withSpecialTokensOf(tokens("<s>", "</s>"));
    ChatOptions prompt = ChatOptions.defaults().withGenerationPrompt();
    String text = template.render(TALK, prompt);
    assertThat(text).contains("Is a whale a fish?", "No, a mammal.", "And a shark?");
    RenderedChat chat = template.renderWithSpans(TALK.subList(0, 2), ChatOptions.defaults());
    assertThat(chat.assistantSpans()).hasSize(1);
    String learned =
        chat.text()
            .substring(chat.assistantSpans().get(0).start(), chat.assistantSpans().get(0).end());
    assertThat(learned.strip()).startsWith("No, a mammal.").hasSizeGreaterThan(15);
    assertThat(template.builtInName()).contains(name);
    assertThat(ChatTemplate.resolve(name).digest()).isEqualTo(template.digest());
    // A base may name no special tokens.
    assertThat(ChatTemplate.named(name).render(TALK, prompt)).contains("And a shark?");
  }

  private Path tokens(String bos, String eos) {
    try {
      Files.writeString(
          folder.resolve("tokenizer_config.json"),
          "{\"bos_token\": \"" + bos + "\", \"eos_token\": \"" + eos + "\"}");
      return folder;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "chatml, <|im_end|>",
    "qwen2_5, <|im_end|>",
    "llama3, <|eot_id|>",
    "gemma, <end_of_turn>",
    "phi3, <|end|>",
    "zephyr, </s>",
    "mistral, </s>",
    "llama2, </s>",
    "alpaca, </s>",
    "vicuna, </s>"
  })
  void anAnswerEndsWhereTheTemplateEndsIt(String name, String end) {
    ChatTemplate template = ChatTemplate.named(name).withSpecialTokensOf(tokens("<s>", "</s>"));
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.shared("smollm2-135m-instruct"))) {
      assertThat(new ChatEncoder(tokenizer, template).turnEnd(ChatOptions.defaults()))
          .hasValueSatisfying(marker -> assertThat(marker.text()).isEqualTo(end));
    }
  }

  @Test
  void whatSignsTakeIsToldByTheTokenizer() {
    ChatTemplate chatml = ChatTemplate.named("chatml");
    try (Tokenizer knows = Tokenizer.load(TestTokenizers.shared("smollm2-135m-instruct"));
        Tokenizer spells = Tokenizer.load(TestTokenizers.shared("gpt2"))) {
      assertThat(new ChatEncoder(knows, chatml).markers())
          .extracting(TemplateMarker::text)
          .containsExactly("<|im_start|>", "<|im_end|>");
      assertThat(new ChatEncoder(knows, chatml).markers()).allMatch(TemplateMarker::isToken);
      assertThat(new ChatEncoder(knows, chatml).remark()).isEmpty();
      ChatEncoder other = new ChatEncoder(spells, chatml);
      assertThat(other.markers()).noneMatch(TemplateMarker::isToken);
      int tokens = spells.encode("<|im_end|>", false).length;
      assertThat(tokens).isGreaterThan(1);
      assertThat(other.remark().orElseThrow())
          .contains("<|im_end|> (" + tokens + " tokens)", "answers end at the text <|im_end|>");
    }
  }

  @Test
  void withoutASignTheNextQuestionEndsAnAnswer() {
    ChatTemplate plain =
        ChatTemplate.of(
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", Map.of());
    ChatTemplate bare =
        ChatTemplate.of("{% for m in messages %}{{ m.content }}{% endfor %}", Map.of());
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.shared("gpt2"))) {
      assertThat(new ChatEncoder(tokenizer, plain).turnEnd(ChatOptions.defaults()))
          .hasValueSatisfying(marker -> assertThat(marker.text()).isEqualTo("user:"));
      assertThat(new ChatEncoder(tokenizer, bare).turnEnd(ChatOptions.defaults())).isEmpty();
      assertThat(new ChatEncoder(tokenizer, bare).remark().orElseThrow())
          .contains("marks no end of an answer");
    }
  }

  @Test
  void aWordIsANameElseAFileElseAFolder() throws IOException {
    assertThat(ChatTemplate.resolve("Qwen-2.5").builtInName()).contains("qwen2_5");
    Path file = folder.resolve("mine.jinja");
    Files.writeString(file, "{{ messages[0].content }}");
    assertThat(ChatTemplate.resolve(file.toString()).sources())
        .containsValue("{{ messages[0].content }}");
    assertThat(ChatTemplate.resolve("mine.jinja", folder).builtInName()).isEmpty();
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"chat_template\": \"{{ eos_token }}\", \"eos_token\": \"!\"}");
    assertThat(ChatTemplate.resolve(folder.toString()).render(TALK, ChatOptions.defaults()))
        .isEqualTo("!");
    assertThat(ChatTemplate.resolve(config.toString()).sources()).containsValue("{{ eos_token }}");
    assertThatThrownBy(() -> ChatTemplate.resolve("chatlm"))
        .isInstanceOf(ChatException.class)
        .hasMessageContaining("'chatlm'. Did you mean 'chatml'?")
        .hasMessageContaining("llama3");
    assertThatThrownBy(() -> ChatTemplate.resolve("no/such.jinja"))
        .isInstanceOf(ChatException.class)
        .hasMessageContaining("such.jinja does not exist");
  }
}
