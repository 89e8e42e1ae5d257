package io.adapt4j.core.chat;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {

  private static final List<ChatMessage> HI = List.of(ChatMessage.user("Hi"));
  private static final List<Map<String, Object>> TOOLS = List.of(Map.of("name", "clock"));

  @TempDir private Path folder;

  @Test
  void aFileTakesThePlaceOfTheField() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"field\"}");
    assertThat(rendered()).isEqualTo("field");
    write("chat_template.jinja", "file");
    assertThat(rendered()).isEqualTo("file");
  }

  @Test
  void aProcessorsFileIsTheLastResort() throws IOException {
    write("chat_template.json", "{\"chat_template\": \"processor\"}");
    assertThat(rendered()).isEqualTo("processor");
    write("tokenizer_config.json", "{\"chat_template\": \"tokenizer\"}");
    assertThat(rendered()).isEqualTo("tokenizer");
  }

  @Test
  void additionalFilesAreTemplatesByName() throws IOException {
    write("chat_template.jinja", "default");
    write("additional_chat_templates/tool_use.jinja", "tools");
    write("additional_chat_templates/rag.jinja", "rag");
    write("additional_chat_templates/notes.txt", "{% broken");
    ChatTemplate template = ChatTemplate.read(folder);
    assertThat(template.names()).containsExactlyInAnyOrder("default", "tool_use", "rag");
    ChatOptions plain = ChatOptions.defaults();
    assertThat(template.render(HI, plain)).isEqualTo("default");
    assertThat(template.render(HI, plain.withTools(TOOLS))).isEqualTo("tools");
    assertThat(template.render(HI, plain.withTemplateName("rag"))).isEqualTo("rag");
    assertThat(template.render(HI, plain.withTools(TOOLS).withTemplateName("default")))
        .isEqualTo("default");
  }

  @Test
  void aListInTheConfigurationIsTemplatesByName() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"default\", \"template\": \"a\"},"
            + " {\"name\": \"tool_use\", \"template\": \"b\"}]}");
    ChatTemplate template = ChatTemplate.read(folder);
    assertThat(template.render(HI, ChatOptions.defaults())).isEqualTo("a");
    assertThat(template.render(HI, ChatOptions.defaults().withTools(TOOLS))).isEqualTo("b");
  }

  @Test
  void severalTemplatesWithoutADefaultNeedAName() throws IOException {
    write("additional_chat_templates/rag.jinja", "rag");
    ChatTemplate template = ChatTemplate.read(folder);
    assertThatThrownBy(() -> template.render(HI, ChatOptions.defaults()))
        .isInstanceOf(ChatException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("'default'")
        .hasMessageContaining("[rag]")
        .hasMessageContaining("withTemplateName");
  }

  @Test
  void aFolderWithoutATemplateIsAnErrorThatNamesIt() {
    assertThat(ChatTemplate.find(folder)).isEmpty();
    refuses(
        ChatException.class, () -> ChatTemplate.read(folder), folder.toString(), "ChatTemplate.of");
  }

  @Test
  void aFieldOfAnotherTypeIsAnErrorThatNamesIt() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"default\"}]}");
    assertThatThrownBy(() -> ChatTemplate.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining("chat_template");
  }

  @Test
  void aBrokenTemplateIsAnErrorThatNamesItsFile() throws IOException {
    write("chat_template.jinja", "ok\n{% if %}");
    refuses(
        TemplateException.class, () -> ChatTemplate.read(folder), "chat_template.jinja, line 2");
  }

  @Test
  void specialTokensAreVariables() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"bos_token\": {\"content\": \"<s>\", \"lstrip\": false}, \"eos_token\": \"</s>\","
            + " \"pad_token\": null, \"additional_special_tokens\": [\"<x>\"],"
            + " \"extra_special_tokens\": {\"image_token\": \"<image>\"}}");
    write("special_tokens_map.json", "{\"unk_token\": \"<unk>\", \"pad_token\": \"<pad>\"}");
    write(
        "chat_template.jinja",
        "{{ bos_token }}{{ eos_token }}{{ unk_token }}{{ pad_token is defined }}"
            + "{{ additional_special_tokens }}{{ image_token }}");
    assertThat(rendered()).isEqualTo("<s></s><unk>False['<x>']<image>");
  }

  @Test
  void furtherVariablesReachTheTemplateAndTakeTheirPlaceBeforeSpecialTokens() {
    ChatTemplate template =
        ChatTemplate.of("{{ bos_token }}{{ enable_thinking }}", Map.of("bos_token", "<s>"));
    ChatOptions options = ChatOptions.defaults().with("enable_thinking", false);
    assertThat(template.render(HI, options)).isEqualTo("<s>False");
    assertThat(template.render(HI, options.with("bos_token", "!"))).isEqualTo("!False");
  }

  @Test
  void toolsAndDocumentsAreNoneUnlessGiven() {
    ChatTemplate template =
        ChatTemplate.of("{{ tools }} {{ documents }} {{ add_generation_prompt }}", Map.of());
    assertThat(template.render(HI, ChatOptions.defaults())).isEqualTo("None None False");
    ChatOptions options =
        ChatOptions.defaults()
            .withTools(TOOLS)
            .withDocuments(List.of(Map.of("title", "t")))
            .withGenerationPrompt();
    assertThat(template.render(HI, options)).isEqualTo("[{'name': 'clock'}] [{'title': 't'}] True");
  }

  @Test
  void aContinuedMessageEndsWhereItsTextDoes() {
    ChatOptions options = ChatOptions.defaults().withContinuedFinalMessage();
    List<ChatMessage> talk = List.of(ChatMessage.user("Hi"), ChatMessage.assistant("Well, "));
    assertThat(TestTemplates.template(TestTemplates.SIGNS).render(talk, options))
        .isEqualTo("<|user|>\nHi<|end|>\n<|assistant|>\nWell, ");
    ChatTemplate trimming =
        ChatTemplate.of("{% for m in messages %}{{ m.content|trim }}.{% endfor %}", Map.of());
    assertThat(trimming.render(talk, options)).isEqualTo("Hi.Well,");
  }

  @Test
  void theLastTextPartOfAMessageIsContinued() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{% for p in m.content %}<{{ p.text|default('img') }}>"
                + "{% endfor %}{% endfor %}",
            Map.of());
    ChatMessage parts =
        ChatMessage.of("assistant", "")
            .with(
                "content",
                List.of(
                    Map.of("type", "text", "text", "one"),
                    Map.of("type", "text", "text", "two"),
                    Map.of("type", "image")));
    assertThat(template.render(List.of(parts), ChatOptions.defaults().withContinuedFinalMessage()))
        .isEqualTo("<one><two");
  }

  @Test
  void aFinalMessageWithoutItsTextInTheOutputCannotBeContinued() {
    ChatOptions options = ChatOptions.defaults().withContinuedFinalMessage();
    ChatTemplate silent = ChatTemplate.of("x", Map.of());
    refuses(ChatException.class, () -> silent.render(HI, options), "cannot be continued");
    refuses(ChatException.class, () -> silent.render(List.of(), options), "no final message");
    assertThatThrownBy(() -> silent.render(List.of(HI.get(0).with("content", null)), options))
        .isInstanceOf(ChatException.class)
        .hasMessageContaining("no text to continue");
  }

  @Test
  void aGenerationPromptAndAContinuedMessageExcludeEachOther() {
    assertThatIllegalStateException()
        .isThrownBy(() -> ChatOptions.defaults().withGenerationPrompt().withContinuedFinalMessage())
        .withMessageContaining("choose one");
  }

  @Test
  void variablesWithAParameterOfTheirOwnAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ChatOptions.defaults().with("messages", List.of()))
        .withMessageContaining("'messages'");
  }

  @Test
  void messagesAreCopiedAndNeedARole() {
    Map<String, Object> fields = new HashMap<>(Map.of("role", "user"));
    ChatMessage message = ChatMessage.of(fields);
    fields.put("role", "changed");
    assertThat(message.role()).isEqualTo("user");
    assertThat(message.content()).isNull();
    assertThat(ChatMessage.user("a")).isEqualTo(ChatMessage.of("user", "a"));
    refuses(IllegalArgumentException.class, () -> ChatMessage.of(Map.of("content", "x")), "'role'");
  }

  private String rendered() {
    return ChatTemplate.read(folder).render(HI, ChatOptions.defaults());
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
