package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.ToolExecutionResult;
import org.springframework.ai.support.ToolCallbacks;

/**
 * Tool messages in a memory, by an application that runs tools itself: the advisor of Spring AI 1.1
 * leaves them out.
 */
class ToolMemoryTest {

  @AutoClose private static final LanguageModel model = TestModel.load();

  private final Script script = new Script();
  private final Adapt4jChatModel chat =
      Adapt4jChatModel.builder().replier(new ModelReplier(() -> model, any -> script)).build();

  @Test
  void messagesOfToolsAreKeptInMemory() {
    ChatMemory memory = MessageWindowChatMemory.builder().build();
    ToolCallingManager tools = ToolCallingManager.builder().build();
    Adapt4jChatOptions options =
        Adapt4jChatOptions.builder()
            .toolCallbacks(List.of(ToolCallbacks.from(new WishesTest.Weather())))
            .internalToolExecutionEnabled(false)
            .build();
    memory.add("one", new UserMessage("Weather in Munich?"));
    Prompt prompt = new Prompt(memory.get("one"), options);
    ChatResponse response = chat.call(prompt);
    memory.add("one", response.getResult().getOutput());
    while (response.hasToolCalls()) {
      ToolExecutionResult result = tools.executeToolCalls(prompt, response);
      memory.add("one", result.conversationHistory().get(result.conversationHistory().size() - 1));
      prompt = new Prompt(memory.get("one"), options);
      response = chat.call(prompt);
      memory.add("one", response.getResult().getOutput());
    }
    memory.add("one", new UserMessage("Thanks"));
    memory.add("one", chat.call(new Prompt(memory.get("one"))).getResult().getOutput());

    assertThat(memory.get("one"))
        .extracting(message -> message.getMessageType())
        .containsExactly(
            MessageType.USER,
            MessageType.ASSISTANT,
            MessageType.TOOL,
            MessageType.ASSISTANT,
            MessageType.USER,
            MessageType.ASSISTANT);
    List<ChatMessage> last = script.asked.get(2);
    assertThat(last)
        .extracting(ChatMessage::role)
        .containsExactly("user", "assistant", "tool", "assistant", "user");
    assertThat(last.get(2).toString()).contains("sunny in Munich");
  }
}
