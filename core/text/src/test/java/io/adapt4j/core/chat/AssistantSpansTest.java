package io.adapt4j.core.chat;

import static io.adapt4j.core.chat.TestTemplates.learned;
import static io.adapt4j.core.chat.TestTemplates.template;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a model is to learn of a conversation. */
class AssistantSpansTest {

  private static final List<ChatMessage> TALK =
      List.of(
          ChatMessage.system("Be kind."),
          ChatMessage.user("Hi"),
          ChatMessage.assistant("Hello!"),
          ChatMessage.user("Bye"),
          ChatMessage.assistant("See you."));

  private static final ChatOptions PLAIN = ChatOptions.defaults();

  @Test
  void anAnswerIsItsContentAndWhatEndsItsTurn() {
    RenderedChat chat = template(TestTemplates.SIGNS).renderWithSpans(TALK, PLAIN);
    assertThat(learned(chat)).containsExactly("Hello!<|end|>\n", "See you.<|end|>\n");
    assertThat(chat.text()).isEqualTo(template(TestTemplates.SIGNS).render(TALK, PLAIN));
  }

  @Test
  void aGenerationPromptAtTheEndIsNotLearned() {
    List<ChatMessage> asked = TALK.subList(0, 4);
    RenderedChat chat =
        template(TestTemplates.SIGNS).renderWithSpans(asked, PLAIN.withGenerationPrompt());
    assertThat(learned(chat)).containsExactly("Hello!<|end|>\n");
    assertThat(chat.text()).endsWith("<|assistant|>\n");
  }

  @Test
  void answersWithoutAHeaderBeginAfterTheQuestion() {
    RenderedChat chat = template(TestTemplates.BRACKETS).renderWithSpans(TALK.subList(1, 5), PLAIN);
    assertThat(learned(chat)).containsExactly("Hello!</s>", "See you.</s>");
  }

  @Test
  void anEndOfTheConversationBelongsToTheLastAnswerOnly() {
    RenderedChat chat = template(TestTemplates.ENDED).renderWithSpans(TALK, PLAIN);
    assertThat(learned(chat)).containsExactly("Hello!<|end|>\n", "See you.<|end|>\n<|stop|>");
  }

  @Test
  void anAnswerThatIsWrittenOtherwiseWhenOthersFollowIsLearnedAsItStandsInTheWhole() {
    List<ChatMessage> talk = new ArrayList<>(TALK);
    talk.set(2, ChatMessage.assistant("<think>polite</think>Hello!"));
    talk.set(4, ChatMessage.assistant("<think>short</think>See you."));
    RenderedChat chat = template(TestTemplates.THINKING).renderWithSpans(talk, PLAIN);
    assertThat(learned(chat))
        .containsExactly("Hello!<|end|>\n", "<think>short</think>See you.<|end|>\n");
  }

  @Test
  void toolCallsAreLearnedWithOrWithoutText() {
    Map<String, Object> call = Map.of("name", "clock");
    List<ChatMessage> talk =
        List.of(
            ChatMessage.user("Time?"),
            ChatMessage.assistant("").with("content", null).with("tool_calls", List.of(call)),
            ChatMessage.tool("noon"),
            ChatMessage.assistant("Let me look again.").with("tool_calls", List.of(call, call)),
            ChatMessage.tool("noon"),
            ChatMessage.assistant("It is noon."));
    RenderedChat chat = template(TestTemplates.THINKING).renderWithSpans(talk, PLAIN);
    assertThat(learned(chat))
        .containsExactly(
            "<call>clock</call><|end|>\n",
            "Let me look again.<call>clock</call><call>clock</call><|end|>\n",
            "<think></think>It is noon.<|end|>\n");
  }

  @Test
  void aConversationMayBeginWithAnAnswer() {
    RenderedChat chat = template(TestTemplates.SIGNS).renderWithSpans(TALK.subList(2, 4), PLAIN);
    assertThat(learned(chat)).containsExactly("Hello!<|end|>\n");
  }

  @Test
  void aContinuedAnswerIsLearnedUpToWhereItIsCut() {
    RenderedChat chat =
        template(TestTemplates.SIGNS).renderWithSpans(TALK, PLAIN.withContinuedFinalMessage());
    assertThat(learned(chat)).containsExactly("Hello!<|end|>\n", "See you.");
  }

  @Test
  void generationBlocksDecideWhereThereAreAny() {
    String source =
        "{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}"
            + "{% generation %}{{ m.content }}.{% endgeneration %}{% else %}{{ m.content }}."
            + "{% endif %}{% endfor %}";
    ChatTemplate template = template(source);
    assertThat(learned(template.renderWithSpans(TALK, PLAIN)))
        .containsExactly("Hello!.", "See you..");
    assertThat(learned(template.renderWithSpans(TALK, PLAIN.withContinuedFinalMessage())))
        .containsExactly("Hello!.", "See you.");
  }

  @Test
  void anAnswerThatTheTemplateMovesIsAnErrorThatNamesTheMessage() {
    ChatTemplate template =
        template("{% for m in messages|reverse %}{{ m.role }}{{ m.content }}{% endfor %}");
    assertThatThrownBy(() -> template.renderWithSpans(TALK, PLAIN))
        .isInstanceOf(ChatException.class)
        .hasMessageMatching("message \\d \\(assistant\\): .*")
        .hasMessageContaining("generation");
  }

  @Test
  void anAnswerThatTheTemplateLeavesOutIsAnErrorThatNamesTheMessage() {
    ChatTemplate template =
        template("{{ messages|length }}{% for m in messages[-1:] %}{{ m.content }}{% endfor %}");
    assertThatThrownBy(() -> template.renderWithSpans(TALK, PLAIN))
        .isInstanceOf(ChatException.class)
        .hasMessageStartingWith("message 2 (assistant): ");
  }
}
