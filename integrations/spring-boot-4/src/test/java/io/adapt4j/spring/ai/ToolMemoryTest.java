package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.MessageType;

/** Tool messages in a memory, kept by the advisors of Spring AI 2. */
class ToolMemoryTest {

  @AutoClose private static final LanguageModel model = TestModel.load();

  private final Script script = new Script();
  private final Adapt4jChatModel chat =
      Adapt4jChatModel.builder().replier(new ModelReplier(() -> model, any -> script)).build();

  @Test
  void messagesOfToolsAreKeptInMemory() {
    ChatMemory memory = MessageWindowChatMemory.builder().build();
    ToolCallingAdvisor tools = ToolCallingAdvisor.builder().build();
    ChatClient client =
        ChatClient.builder(chat)
            .defaultAdvisors(
                tools,
                // Inside the loop of tools, so that it sees their messages.
                MessageChatMemoryAdvisor.builder(memory).order(tools.getOrder() + 1).build())
            .build();
    client
        .prompt("Weather in Munich?")
        .advisors(each -> each.param(ChatMemory.CONVERSATION_ID, "one"))
        .tools(new WishesTest.Weather())
        .call()
        .content();
    client
        .prompt("Thanks")
        .advisors(each -> each.param(ChatMemory.CONVERSATION_ID, "one"))
        .call()
        .content();

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
