package io.adapt4j.core.internal.task.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows become what a policy continues from. */
class PromptRowsTest {

  private static final ChatTemplate TEMPLATE =
      ChatTemplate.of(
          "<s>{% if tools %}tools {{ tools | map(attribute='name') | join(' ') }}\n{% endif %}"
              + "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
              + "{% if add_generation_prompt %}assistant:{% endif %}",
          Map.of());
  private static final ChatMessage SYSTEM = ChatMessage.system("Be kind.");
  private static final ChatMessage USER = ChatMessage.user("Hello Lily");

  @TempDir private Path folder;
  @AutoClose private final Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());

  @Test
  void aListOfMessagesIsRenderedAsTheTemplateHasIt() throws IOException {
    assertPrompt(
        row("{'prompt': [{'role': 'system', 'content': 'Be kind.'},%s], 'answer': 4}"),
        List.of(SYSTEM, USER),
        List.of());
  }

  @Test
  void messagesThatEndWithTheUserAreAPromptAsAWhole() throws IOException {
    assertPrompt(row("{'messages': [%s]}"), List.of(USER), List.of());
    assertPrompt(
        row("{'messages': [%1$s, {'role': 'assistant', 'content': 'Hi'}, %1$s]}"),
        List.of(USER, ChatMessage.assistant("Hi"), USER),
        List.of());
  }

  @Test
  void messagesThatEndWithTheAssistantAreAPromptWithoutItsAnswer() throws IOException {
    assertPrompt(
        row("{'messages': [%1$s, {'role': 'assistant', 'content': 'Hi'}]}"),
        List.of(USER),
        List.of());
  }

  @Test
  void toolsAreRenderedToo() throws IOException {
    assertPrompt(
        row("{'prompt': [%s], 'tools': [{'name': 'weather'}]}"),
        List.of(USER),
        List.of(Map.of("name", "weather")));
  }

  private Dataset row(String json) throws IOException {
    String user = "{'role': 'user', 'content': 'Hello Lily'}";
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, json.formatted(user).replace('\'', '"'));
    return Datasets.read(file).open();
  }

  private void assertPrompt(
      Dataset rows, List<ChatMessage> messages, List<Map<String, Object>> tools) {
    ChatOptions asks = ChatOptions.defaults().withGenerationPrompt();
    ChatOptions options = tools.isEmpty() ? asks : asks.withTools(tools);
    PromptRows found = PromptRows.of(rows, encoding(TEMPLATE, 256));
    assertThat(found.usesTemplate()).isTrue();
    assertThat(found.get(0).text())
        .isEqualTo(TEMPLATE.render(messages, options))
        .endsWith("\nassistant:");
    assertThat(found.get(0).ids())
        .isEqualTo(new ChatEncoder(tokenizer, TEMPLATE).encode(messages, options));
    assertThat(found.get(0).fields().keySet()).isEqualTo(rows.source(0).get().fields());
  }

  private PromptRows.Encoding encoding(ChatTemplate template, int most) {
    return new PromptRows.Encoding(tokenizer, Optional.ofNullable(template), most);
  }

  @Test
  void whatCannotBeAskedIsRefusedAndWhatIsTooLongLeftOut() {
    Dataset chat = Datasets.of(List.of(new Example.ChatPrompt(List.of(USER))));
    assertThatThrownBy(() -> PromptRows.of(chat, encoding(null, 256)))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("row 0: a conversation needs a chat template");
    Dataset answer = Datasets.of(List.of(new Example.Chat(List.of(ChatMessage.assistant("Hi")))));
    assertThatThrownBy(() -> PromptRows.of(answer, encoding(TEMPLATE, 256)))
        .hasMessageContaining("row 0: nothing stands before the answer");
    PromptRows cut = PromptRows.of(chat, encoding(TEMPLATE, 2));
    assertThat(cut.size()).isZero();
    assertThat(cut.report().tooLong()).isEqualTo(1);
  }
}
