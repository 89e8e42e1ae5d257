package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations that are forked, rewound, saved and restored. */
class ChatSessionTest {

  private static final GenerationOptions EIGHT =
      GenerationOptions.greedy().toBuilder().maxNewTokens(8).ignoreEos(true).build();
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She had a cat and a dog and a bird.";
  private static final ChatTemplate TEMPLATE = template("assistant:");

  @TempDir private Path folder;

  private long before;
  private LanguageModel model;

  @BeforeEach
  void load() throws IOException {
    before = Tensor.live();
    model = opened(SmallModel.writeLonger(folder.resolve("model"), 2048));
  }

  @AfterEach
  void closingFreesWhatIsKept() {
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static ChatTemplate template(String answer) {
    return ChatTemplate.of(
        "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}</s>\n{% endfor %}"
            + "{% if add_generation_prompt %}"
            + answer
            + "{% endif %}",
        Map.of("bos_token", "<s>"));
  }

  private static LanguageModel opened(Path folder) {
    LanguageModel model = TestModels.fp32(folder);
    model.useChatTemplate(TEMPLATE);
    model.reusePromptsExactly(true);
    return model;
  }

  private ChatSession told() {
    ChatSession session = model.session();
    session.add(ChatMessage.system(STORY.repeat(5)));
    session.send("What did Lily do?", EIGHT);
    return session;
  }

  private Generation cold(List<ChatMessage> messages) {
    model.limitPromptCache(0);
    Generation answer = model.chat(messages, EIGHT, piece -> {});
    model.limitPromptCache(LanguageModel.DEFAULT_PROMPT_CACHE_BYTES);
    return answer;
  }

  private static List<ChatMessage> with(ChatSession session, String text) {
    List<ChatMessage> all = new ArrayList<>(session.messages());
    all.add(ChatMessage.user(text));
    return all;
  }

  @Test
  void aTurnIsWhatAColdRunAnswersAndReadsOnlyWhatIsNew() {
    ChatSession session = told();
    List<ChatMessage> asked = with(session, "And then?");
    Generation answer = session.send("And then?", EIGHT);
    assertThat(answer.cachedTokens()).isGreaterThan(100);
    assertThat(answer.promptTokens() - answer.cachedTokens()).isLessThan(80);
    assertThat(answer).isEqualTo(cold(asked));
    assertThat(session.messages())
        .hasSize(5)
        .last()
        .isEqualTo(ChatMessage.assistant(answer.text()));
  }

  @Test
  void forksContinueIndependentlyAndShareTheirPrefix() {
    ChatSession session = told();
    long alone = model.prompts.bytes();
    List<Generation> answers = new ArrayList<>();
    List<CompletableFuture<Generation>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String question = "What about day " + i + "?";
      ChatSession fork = session.fork();
      running.add(CompletableFuture.supplyAsync(() -> fork.send(question, EIGHT)));
    }
    running.forEach(answer -> answers.add(answer.join()));
    assertThat(session.messages()).hasSize(3);
    assertThat(answers).allMatch(answer -> answer.cachedTokens() > 100);
    assertThat(model.prompts.bytes()).isLessThan(3 * alone);
    for (int i = 0; i < 4; i++) {
      assertThat(answers.get(i)).isEqualTo(cold(with(session, "What about day " + i + "?")));
    }
  }

  @Test
  void severalAnswersOfOnePromptShareIt() {
    ChatSession session = model.session();
    session.add(ChatMessage.system(STORY.repeat(5)));
    List<CompletableFuture<Generation>> running = new ArrayList<>();
    for (int seed = 0; seed < 4; seed++) {
      GenerationOptions sampled = EIGHT.toBuilder().temperature(1).seed(seed).build();
      ChatSession fork = session.fork();
      running.add(CompletableFuture.supplyAsync(() -> fork.send("What did Lily do?", sampled)));
    }
    List<Generation> answers = running.stream().map(CompletableFuture::join).toList();
    int prompt = answers.get(0).promptTokens();
    int computed =
        answers.stream().mapToInt(answer -> answer.promptTokens() - answer.cachedTokens()).sum();
    assertThat(prompt).isGreaterThan(180);
    assertThat(computed).isLessThan(prompt + 3 * 60);
    assertThat(answers.stream().filter(answer -> answer.cachedTokens() > 150)).hasSize(3);
  }

  @Test
  void rewindingTakesBackTurnsOrReturnsToAMark() {
    ChatSession session = told();
    int mark = session.mark();
    List<ChatMessage> early = session.messages();
    session.send("And then?", EIGHT);
    session.send("And after that?", EIGHT);
    session.rewind(1);
    assertThat(session.messages()).hasSize(5);
    session.rewindTo(mark);
    assertThat(session.messages()).isEqualTo(early);
    List<ChatMessage> asked = with(session, "Why?");
    Generation answer = session.send("Why?", EIGHT);
    assertThat(answer.cachedTokens()).isGreaterThan(100);
    assertThat(answer).isEqualTo(cold(asked));
    assertThatThrownBy(() -> session.rewind(3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("turns: expected 0 to 2, found 3");
    assertThatThrownBy(() -> session.rewindTo(9)).hasMessage("mark: expected 0 to 5, found 9");
  }

  @Test
  void aRefusedTurnLeavesTheConversationAsItWas() {
    ChatSession session = told();
    List<ChatMessage> early = session.messages();
    assertThatThrownBy(
            () ->
                session.send(
                    ChatMessage.user(STORY.repeat(100)),
                    EIGHT,
                    piece -> {},
                    new CancellationToken()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(session.messages()).isEqualTo(early);
  }

  @Test
  void aRestoredSessionPaysNoPrefillAndAnswersTheSame() {
    ChatSession session = told();
    Path file = folder.resolve("saved/session");
    session.save(file, ChatSession.Contents.MESSAGES_AND_CACHE);
    List<ChatMessage> asked = with(session, "And then?");
    Generation expected = session.send("And then?", EIGHT);
    try (LanguageModel other = opened(folder.resolve("model"))) {
      ChatSession restored = ChatSession.restore(other, file);
      assertThat(restored.messages()).isEqualTo(asked.subList(0, 3));
      Generation answer = restored.send("And then?", EIGHT);
      assertThat(answer).isEqualTo(expected);
      assertThat(answer.cachedTokens()).isEqualTo(expected.cachedTokens());
    }
    assertThat(expected).isEqualTo(cold(asked));
  }

  @Test
  void anEncryptedSessionIsRestoredWithItsKeyAlone() {
    byte[] key = new byte[32];
    Path file = folder.resolve("session");
    model.encryptPrompts(key);
    told().save(file, ChatSession.Contents.MESSAGES_AND_CACHE);
    assertThat(ChatSession.restore(model, file).messages()).hasSize(3);
    key[0] = 1;
    model.encryptPrompts(key);
    assertThatThrownBy(() -> ChatSession.restore(model, file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("another key");
    try (LanguageModel other = opened(folder.resolve("model"))) {
      assertThatThrownBy(() -> ChatSession.restore(other, file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("encryptPrompts");
    }
  }

  @Test
  void messagesAloneAreASmallFileWithAllTheirFields() throws IOException {
    ChatSession session = told();
    ChatMessage call =
        ChatMessage.assistant("")
            .with("tool_calls", List.of(Map.of("id", "1", "arguments", Map.of("n", 1.5))));
    session.add(call);
    Path file = folder.resolve("session");
    session.save(file, ChatSession.Contents.MESSAGES);
    assertThat(Files.size(file)).isLessThan(2_000);
    model.limitPromptCache(0);
    ChatSession restored = ChatSession.restore(model, file);
    assertThat(restored.messages()).isEqualTo(session.messages());
  }

  @Test
  void whatARewindTookBackIsNotInTheFile() throws IOException {
    ChatSession session = told();
    session.send("My password is swordfish.", EIGHT);
    session.rewind(1);
    Path file = folder.resolve("session");
    session.save(file, ChatSession.Contents.MESSAGES_AND_CACHE);
    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    assertThat(text).contains("Lily").doesNotContain("swordfish");
    int[] all =
        model
            .prompts()
            .chat(session.messages(), ChatOptions.defaults(), EIGHT, new CancellationToken())
            .tokenIds();
    String ids = text.substring(text.indexOf("\"ids\":[") + 7);
    assertThat(ids.substring(0, ids.indexOf(']')).split(",")).hasSizeLessThanOrEqualTo(all.length);
  }

  @Test
  void anotherModelOrTemplateIsRefused() throws IOException {
    Path file = folder.resolve("session");
    told().save(file, ChatSession.Contents.MESSAGES);
    model.useChatTemplate(template("Answer:"));
    assertThatThrownBy(() -> ChatSession.restore(model, file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString());
    try (LanguageModel other = opened(SmallModel.writeLonger(folder.resolve("other"), 1024))) {
      assertThatThrownBy(() -> ChatSession.restore(other, file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("model: the session was saved with 'model ")
          .hasMessageContaining("this model has 'other ");
    }
  }
}
