package io.adapt4j.core.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.Golden;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.EncodedChat;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is learned of a conversation with tools, in the form that OpenAI's API has it: the calls and
 * answers of the assistant, and not what tools gave.
 */
class ToolConversationsTest {

  /** Arguments are a text, and so are the tools, as in the columns of many datasets. */
  private static final String ROW =
      """
      {"messages": [\
      {"role": "user", "content": "Is it warm?"},\
      {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function",\
       "function": {"name": "weather", "arguments": "{\\"city\\": \\"Rome\\", \\"days\\": 2}"}}]},\
      {"role": "tool", "tool_call_id": "call_1", "content": "thirty degrees"},\
      {"role": "assistant", "content": "Very warm."}],\
       "tools": "[{\\"type\\": \\"function\\", \\"function\\": {\\"name\\": \\"weather\\",\
       \\"description\\": \\"Tells it.\\", \\"parameters\\": {\\"type\\": \\"object\\",\
       \\"properties\\": {\\"city\\": {\\"type\\": \\"string\\"}}}}}]"}
      """;

  @AutoClose private static Tokenizer tokenizer;

  @TempDir static Path folder;

  @BeforeAll
  static void load() {
    tokenizer = Tokenizer.load(TestTokenizers.shared("smollm2-135m-instruct"));
  }

  static Stream<Named<ChatTemplate>> builtIn() {
    return ChatTemplate.builtInNames().stream()
        .map(name -> Named.of(name, ChatTemplate.named(name)));
  }

  static Stream<Named<ChatTemplate>> golden() throws IOException {
    List<Named<ChatTemplate>> templates = new ArrayList<>();
    try (Stream<Path> folders = Files.list(Golden.folder("chat"))) {
      for (Path path : folders.filter(Files::isDirectory).sorted().toList()) {
        String source = Files.readString(path.resolve("template.jinja"));
        templates.add(
            Named.of(path.getFileName().toString(), ChatTemplate.of(source, TestTemplates.TOKENS)));
      }
    }
    return templates.stream();
  }

  private static Example.Chat row() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, ROW);
    return (Example.Chat) Datasets.read(file).open().get(0);
  }

  @ParameterizedTest
  @MethodSource("builtIn")
  void callsAreLearnedAndResultsAreNotInBuiltInTemplates(ChatTemplate template) throws IOException {
    callsAreLearnedAndResultsAreNot(template);
  }

  @ParameterizedTest
  @MethodSource("golden")
  void callsAreLearnedAndResultsAreNotInTemplatesOfModels(ChatTemplate template)
      throws IOException {
    callsAreLearnedAndResultsAreNot(template);
  }

  private static void callsAreLearnedAndResultsAreNot(ChatTemplate template) throws IOException {
    Example.Chat row = row();
    ChatEncoder encoder = new ChatEncoder(tokenizer, template);
    ChatOptions options = ChatOptions.defaults().withTools(row.tools());
    if (fillsInThoughts(template, options)) {
      assertThatThrownBy(() -> encoder.encodeWithMask(row.messages(), options, false))
          .hasMessageContaining("(assistant): the template writes the conversation up to it");
      String last = text(encoder.encodeWithMask(row.messages(), options, true), true);
      assertThat(last).contains("Very warm.").doesNotContain("Rome");
      return;
    }
    EncodedChat chat = encoder.encodeWithMask(row.messages(), options, false);
    assertThat(chat.text())
        .contains("thirty degrees", "Very warm.", "Tells it.")
        .containsOnlyOnce("Is it warm?");
    String learned = text(chat, true);
    String given = text(chat, false);
    assertThat(learned)
        .contains("weather", "{\"city\": \"Rome\", \"days\": 2}", "Very warm.")
        .doesNotContain("thirty degrees", "Is it warm?", "Tells it.");
    assertThat(given)
        .contains("thirty degrees", "Is it warm?", "Tells it.")
        .doesNotContain("Rome", "Very warm.");
    String last = text(encoder.encodeWithMask(row.messages(), options, true), true);
    assertThat(last).doesNotContain("Rome", "thirty degrees");
    if (!template.template(options).hasGenerationBlocks()) {
      assertThat(last).contains("Very warm.");
    }
  }

  /** Whether the last answer has an empty thought, and others none. */
  private static boolean fillsInThoughts(ChatTemplate template, ChatOptions options) {
    return !template.template(options).hasGenerationBlocks()
        && template
            .render(
                List.of(ChatMessage.user("Why?"), ChatMessage.assistant("So.")),
                ChatOptions.defaults())
            .contains("</think>");
  }

  private static String text(EncodedChat chat, boolean learned) {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < chat.ids().length; i++) {
      if (chat.assistantMask()[i] == learned) {
        ids.add(chat.ids()[i]);
      }
    }
    return tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray(), false);
  }

  @Test
  void aPromptIsTheBeginningOfWhatIsLearned() throws IOException {
    Example.Chat row = row();
    ChatOptions options = ChatOptions.defaults().withTools(row.tools());
    for (String name : List.of("chatml", "qwen2_5", "llama3", "phi3")) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, ChatTemplate.named(name));
      String whole = encoder.encodeWithMask(row.messages(), options, false).text();
      for (int messages : List.of(1, 3)) {
        assertThat(whole)
            .as(name)
            .startsWith(
                encoder.render(
                    row.messages().subList(0, messages), options.withGenerationPrompt()));
      }
    }
  }

  @Test
  void aTemplateWithoutToolsIsToldOfThemInWords() throws IOException {
    Example.Chat row = row();
    ChatEncoder encoder = new ChatEncoder(tokenizer, ChatTemplate.named("chatml"));
    assertThat(encoder.render(row.messages(), ChatOptions.defaults().withTools(row.tools())))
        .isEqualTo(
            """
            <|im_start|>system
            # Tools

            You may call one or more functions to assist with the user query.

            You are provided with function signatures within <tools></tools> XML tags:
            <tools>
            {"type": "function", "function": {"name": "weather", "description": "Tells it.", \
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}
            </tools>

            For each function call, return a json object with function name and arguments within \
            <tool_call></tool_call> XML tags:
            <tool_call>
            {"name": <function-name>, "arguments": <args-json-object>}
            </tool_call><|im_end|>
            <|im_start|>user
            Is it warm?<|im_end|>
            <|im_start|>assistant
            <tool_call>
            {"name": "weather", "arguments": {"city": "Rome", "days": 2}}
            </tool_call><|im_end|>
            <|im_start|>user
            <tool_response>
            thirty degrees
            </tool_response><|im_end|>
            <|im_start|>assistant
            Very warm.<|im_end|>
            """);
  }

  @Test
  void aTemplateWithoutASystemMessageIsToldOfToolsByTheUser() {
    ChatEncoder encoder = new ChatEncoder(tokenizer, ChatTemplate.named("gemma"));
    ChatOptions options = ChatOptions.defaults().withTools(List.of(Map.of("name", "weather")));
    String prompt =
        encoder.render(List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hi")), options);
    assertThat(prompt)
        .startsWith("<start_of_turn>user\nBe brief.\n\n# Tools\n")
        .endsWith("</tool_call>\n\nHi<end_of_turn>\n");
    // Without tools a system message is as much an error as before.
    assertThatThrownBy(
            () ->
                encoder.render(
                    List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hi")),
                    ChatOptions.defaults()))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void severalResultsAndTheNextQuestionAreOneMessageOfTheUser() {
    ChatEncoder encoder = new ChatEncoder(tokenizer, ChatTemplate.named("mistral"));
    Map<String, Object> call = Map.of("function", Map.of("name", "clock", "arguments", ""));
    String text =
        encoder.render(
            List.of(
                ChatMessage.user("Hi"),
                ChatMessage.assistant("Wait.").with("tool_calls", List.of(call, call)),
                ChatMessage.tool("one"),
                ChatMessage.tool("two"),
                ChatMessage.user("Well?")),
            ChatOptions.defaults());
    assertThat(text)
        .isEqualTo(
            """
            [INST] Hi [/INST]Wait.
            <tool_call>
            {"name": "clock", "arguments": {}}
            </tool_call>
            <tool_call>
            {"name": "clock", "arguments": {}}
            </tool_call>[INST] <tool_response>
            one
            </tool_response>
            <tool_response>
            two
            </tool_response>

            Well? [/INST]""");
  }

  @Test
  void conversationsWithoutToolsAreRenderedAsTheTemplateDoes() {
    List<ChatMessage> talk = List.of(ChatMessage.user("Hi"), ChatMessage.assistant("Hello"));
    for (String name : ChatTemplate.builtInNames()) {
      ChatTemplate template = ChatTemplate.named(name);
      assertThat(new ChatEncoder(tokenizer, template).render(talk, ChatOptions.defaults()))
          .isEqualTo(template.render(talk, ChatOptions.defaults()));
    }
  }
}
