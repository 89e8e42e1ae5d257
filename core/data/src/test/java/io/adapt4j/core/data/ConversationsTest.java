package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowPrompt;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationsTest {

  @TempDir Path folder;

  private DatasetReader read(String row) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, row);
    return Datasets.read(file);
  }

  @Test
  void readsMessagesWithToolsAndCalls() throws IOException {
    String row =
        """
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"},\
         {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function":\
         {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "content": "4"},\
         {"role": "assistant", "content": "four"}], "tools": [{"type": "function"}]}
        """;
    FileDataset rows = read(row).open();
    assertThat(rows.shape()).contains(Shape.MESSAGES);
    Example.Chat chat = (Example.Chat) rows.get(0);
    assertThat(chat.messages())
        .extracting(ChatMessage::role)
        .containsExactly("system", "user", "assistant", "tool", "assistant");
    assertThat(chat.messages().get(2).fields().get("tool_calls"))
        .isEqualTo(
            List.of(
                Map.of("type", "function", "function", Map.of("name", "f", "arguments", "{}"))));
    assertThat(chat.tools()).containsExactly(Map.of("type", "function"));
    assertThat(Datasets.jsonl(folder.resolve("rows.jsonl")).get(0)).isEqualTo(chat);
  }

  @Test
  void readsTheMessagesOfShareGpt() throws IOException {
    String row =
        """
        {"conversations": [{"from": "human", "value": "u"}, {"from": "function_call", "value":\
         "{\\"name\\": \\"f\\", \\"arguments\\": {\\"n\\": 1}}"}, {"from": "observation", "value": "4"},\
         {"from": "gpt", "value": "four"}], "system": "s", "tools": "[{\\"name\\": \\"f\\"}]"}
        """;
    FileDataset rows = read(row).open();
    assertThat(rows.shape()).contains(Shape.CONVERSATIONS);
    Example.Chat chat = (Example.Chat) rows.get(0);
    assertThat(chat.messages().get(0)).isEqualTo(ChatMessage.system("s"));
    assertThat(chat.messages().get(1)).isEqualTo(ChatMessage.user("u"));
    assertThat(chat.messages().get(2).fields().get("tool_calls"))
        .isEqualTo(
            List.of(
                Map.of(
                    "type",
                    "function",
                    "function",
                    Map.of("name", "f", "arguments", Map.of("n", 1L)))));
    assertThat(chat.messages().get(3)).isEqualTo(ChatMessage.tool("4"));
    assertThat(chat.tools()).containsExactly(Map.of("name", "f"));
  }

  @Test
  void readsPreferencesOfMessages() throws IOException {
    Example.ChatPreference expected =
        new Example.ChatPreference(
            List.of(ChatMessage.user("u")),
            List.of(ChatMessage.assistant("good")),
            List.of(ChatMessage.assistant("bad")));
    String prompt = "{\"role\":\"user\",\"content\":\"u\"}";
    String good = "{\"role\":\"assistant\",\"content\":\"good\"}";
    String bad = "{\"role\":\"assistant\",\"content\":\"bad\"}";
    for (String row :
        List.of(
            "{\"prompt\":\"u\",\"chosen\":[" + good + "],\"rejected\":[" + bad + "]}",
            "{\"prompt\":[" + prompt + "],\"chosen\":[" + good + "],\"rejected\":[" + bad + "]}",
            "{\"chosen\":[%1$s,%2$s],\"rejected\":[%1$s,%3$s]}".formatted(prompt, good, bad),
            "{\"prompt\":\"u\",\"messages\":[],\"chosen\":[%1$s,%2$s],\"rejected\":[%1$s,%3$s]}"
                .formatted(prompt, good, bad),
            "{\"conversations\":[{\"from\":\"human\",\"value\":\"u\"}],\"chosen\":{\"from\":\"gpt\","
                + "\"value\":\"good\"},\"rejected\":{\"from\":\"gpt\",\"value\":\"bad\"}}")) {
      FileDataset rows = read(row).open();
      assertThat(rows.shape()).contains(Shape.PREFERENCE);
      assertThat(rows.get(0)).as(row).isEqualTo(expected);
    }
  }

  @Test
  void makesConversationsOfPromptsAndAnswers() throws IOException {
    assertThat(read("{\"question\":\"q\",\"answer\":\"a\"}").asChat("Be brief.").open().get(0))
        .isEqualTo(
            new Example.Chat(
                List.of(
                    ChatMessage.system("Be brief."),
                    ChatMessage.user("q"),
                    ChatMessage.assistant("a"))));
    assertThat(
            read("{\"instruction\":\"i\",\"input\":\"x\",\"output\":\"o\"}").asChat().open().get(0))
        .isEqualTo(
            new Example.Chat(List.of(ChatMessage.user("i\n\nx"), ChatMessage.assistant("o"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'messages':[]}|field 'messages': expected messages, found []",
        "{'prompt':[{'role':'assistant','content':'a'}]}|needs a last message that the assistant can",
        "{'prompt':[]}|field 'prompt': expected messages, found []",
        "{'prompt':[{'role':'user','content':'u'}],'tools':5}|field 'tools': expected a list",
        "{'messages':[{'role':'user'}]}|field 'messages[0].content': expected a text or parts",
        "{'messages':[5]}|field 'messages[0]': expected a message, found 5",
        "{'messages':[{'content':'u'}]}|expected 'role' and 'content', or 'from' and 'value'",
        "{'conversations':[{'from':'robot','value':'v'}]}|expected one of [assistant, bard",
        "{'conversations':[{'from':'function_call','value':'f(x)'}]}|the JSON of a function call",
      })
  void saysWhichMessageIsMalformed(String row, String problem) throws IOException {
    DatasetReader reader = read(row.replace('\'', '"'));
    refuses(DatasetException.class, reader::open, "line 1: ", problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'prompt':[{'role':'system','content':'s'},{'role':'user','content':'u'}],'answer':42}",
        "{'messages':[{'role':'system','content':'s'},{'role':'user','content':'u'}],'answer':42}",
        "{'conversations':[{'from':'human','value':'u'}],'system':'s','answer':42}",
        "{'prompt':[{'role':'user','content':'u'}],'system':'s','answer':42}",
      })
  void aConversationThatNobodyAnswersIsAPrompt(String row) throws IOException {
    FileDataset rows = read(row.replace('\'', '"')).open();
    assertThat(rows.shape()).contains(Shape.PROMPT);
    assertThat(rows.get(0))
        .isEqualTo(new Example.ChatPrompt(List.of(ChatMessage.system("s"), ChatMessage.user("u"))));
    assertThat(rows.source(0).orElseThrow().value("answer")).isEqualTo(42L);
  }

  @Test
  void earlierAnswersAndToolsStandInPromptsToo() throws IOException {
    String talk =
        "[{'role':'user','content':'u'},{'role':'assistant','content':'a'},"
            + "{'role':'user','content':'v'}]";
    List<ChatMessage> messages =
        List.of(ChatMessage.user("u"), ChatMessage.assistant("a"), ChatMessage.user("v"));
    String tools = ",'tools':[{'name':'f'}]}";
    assertThat(read(("{'prompt':" + talk + tools).replace('\'', '"')).open().get(0))
        .isEqualTo(new Example.ChatPrompt(messages, List.of(Map.of("name", "f"))));
    // What it says in between can be learned, so the row serves either purpose.
    FileDataset chat = read(("{'messages':" + talk + tools).replace('\'', '"')).open();
    assertThat(chat.shape()).contains(Shape.MESSAGES);
    assertThat(chat.get(0)).isEqualTo(new Example.Chat(messages, List.of(Map.of("name", "f"))));
    assertThat(RowPrompt.of(chat.get(0)))
        .isEqualTo(new RowPrompt.Conversation(messages, List.of(Map.of("name", "f"))));
  }

  @Test
  void aTextBecomesAConversationWhereAsked() throws IOException {
    String row = "{\"prompt\":\"p\",\"answer\":42}";
    assertThat(read(row).open().get(0)).isEqualTo(new Example.Text("p"));
    assertThat(read(row).asChat().open().get(0))
        .isEqualTo(new Example.ChatPrompt(List.of(ChatMessage.user("p"))));
    assertThat(read(row).asChat("Be brief.").open().get(0))
        .isEqualTo(
            new Example.ChatPrompt(
                List.of(ChatMessage.system("Be brief."), ChatMessage.user("p"))));
  }

  @Test
  void aRowThatIsStatedToAskButDoesNotIsMalformed() throws IOException {
    for (String row : List.of("{\"text\":\"t\"}", "{\"prompt\":5}")) {
      DatasetReader reader = read(row).shape(Shape.PROMPT);
      assertThatThrownBy(reader::open)
          .hasMessageContaining("line 1: field 'prompt': expected a text, found");
    }
  }

  @Test
  void amongConversationsToLearnOneWithoutAnAnswerIsMalformed() throws IOException {
    String asks = "{\"messages\":[{\"role\":\"user\",\"content\":\"u\"}]}\n";
    String answers = asks.replace("]}", ",{\"role\":\"assistant\",\"content\":\"a\"}]}");
    Path kept = folder.resolve("malformed.jsonl");
    FileDataset rows = read(answers + asks + answers).quarantine(kept).open();
    assertThat(rows.size()).isEqualTo(2);
    assertThat(Files.readString(kept)).contains("needs a message of the assistant to learn");
    DatasetReader stated = read(asks + answers).shape(Shape.MESSAGES);
    assertThatThrownBy(stated::open)
        .hasMessageContaining("line 1: a conversation needs a message of the assistant to learn");
    assertThatThrownBy(() -> Datasets.jsonl(folder.resolve("rows.jsonl")))
        .hasMessageContaining("line 1: a conversation needs a message of the assistant to learn");
  }

  @Test
  void anEncoderRefusesAPromptWithTheRemedy() throws IOException {
    Dataset rows = read("{\"prompt\":[{\"role\":\"user\",\"content\":\"u\"}]}").open();
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).build();
      assertThatThrownBy(() -> encoder.filter(rows))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining("rows.jsonl line 1: a conversation without a message of the")
          .hasMessageContaining("shape MESSAGES");
    }
  }

  @Test
  void publicPreferencesAreConversations() {
    FileDataset rows = Datasets.read(Golden.data("preference_demo/dpo_en_demo.json")).open();
    assertThat(rows.size()).isEqualTo(300);
    assertThat(rows.shape()).contains(Shape.PREFERENCE);
    Example.ChatPreference first = (Example.ChatPreference) rows.get(0);
    assertThat(first.prompt().get(0).role()).isEqualTo("user");
    assertThat(first.chosen().get(0).role()).isEqualTo("assistant");
  }

  @Test
  void anEncoderTrainsOnWhatTheAssistantSays() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{{ m.role }}: {{ m.content }}</s>{% endfor %}", Map.of());
    Example.Chat chat =
        new Example.Chat(List.of(ChatMessage.user("Once"), ChatMessage.assistant("upon a time")));
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).chatTemplate(template).build();
      TrainingSample sample = encoder.encode(chat).sample();
      assertThat(sample.labels()[0]).isEqualTo(TrainingSample.IGNORED);
      assertThat(sample.labels()[sample.length() - 1]).isEqualTo(2);
      int[] learned =
          Arrays.stream(sample.labels()).filter(label -> label != TrainingSample.IGNORED).toArray();
      assertThat(tokenizer.decode(learned, false)).contains("upon a time");
      assertThat(tokenizer.decode(learned, false)).doesNotContain("Once");
      ExampleEncoder without = ExampleEncoder.builder(tokenizer, 64).build();
      assertThatThrownBy(() -> without.encode(chat)).hasMessageContaining("needs a chat template");
      assertThatThrownBy(() -> without.encode(new Example.Classified("t", "l")))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining("a Classified example has no text to learn to generate");
    }
  }

  @Test
  void anEncoderTrainsOnAllAnswersTheLastOrEverything() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{{ m.role }}: {{ m.content }}</s>{% endfor %}", Map.of());
    Example.Chat chat =
        new Example.Chat(
            List.of(
                ChatMessage.user("Once"),
                ChatMessage.assistant("upon"),
                ChatMessage.user("a"),
                ChatMessage.assistant("time")));
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder.Builder encoder = ExampleEncoder.builder(tokenizer, 64).chatTemplate(template);
      String all = learned(tokenizer, encoder.lossOn(LossOn.COMPLETION).build(), chat);
      assertThat(all).contains("upon").contains("time").doesNotContain("Once");
      String last = learned(tokenizer, encoder.lossOn(LossOn.LAST_ASSISTANT).build(), chat);
      assertThat(last).contains("time</s>").doesNotContain("upon");
      String everything = learned(tokenizer, encoder.lossOn(LossOn.ALL).build(), chat);
      assertThat(everything).contains("user: Once").contains("upon").contains("time</s>");
    }
  }

  private static String learned(Tokenizer tokenizer, ExampleEncoder encoder, Example.Chat chat) {
    int[] labels = encoder.encode(chat).samples().get(0).labels();
    int[] ids = Arrays.stream(labels).filter(label -> label != TrainingSample.IGNORED).toArray();
    return tokenizer.decode(ids, false);
  }
}
