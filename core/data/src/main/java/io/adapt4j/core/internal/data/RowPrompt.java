package io.adapt4j.core.internal.data;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import java.util.List;
import java.util.Map;

/** Prompt of a row, without any answers. */
public sealed interface RowPrompt {

  record Plain(String text) implements RowPrompt {}

  record Conversation(List<ChatMessage> messages, List<Map<String, Object>> tools)
      implements RowPrompt {

    /** Copies the lists. */
    public Conversation {
      messages = List.copyOf(messages);
      tools = List.copyOf(tools);
    }
  }

  /**
   * Returns the prompt of an example: a whole text, the prompt of a completion or pair, or a
   * conversation without its last message if that is the assistant's.
   */
  static RowPrompt of(Example example) {
    if (example instanceof Example.Text text) {
      return new Plain(text.text());
    }
    if (example instanceof Example.PromptCompletion pair) {
      return new Plain(pair.prompt());
    }
    if (example instanceof Example.Preference pair) {
      return new Plain(pair.prompt());
    }
    if (example instanceof Example.UnpairedPreference one) {
      return new Plain(one.prompt());
    }
    if (example instanceof Example.ChatPrompt prompt) {
      return new Conversation(prompt.messages(), prompt.tools());
    }
    if (example instanceof Example.ChatPreference pair) {
      return new Conversation(pair.prompt(), List.of());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      return new Conversation(one.prompt(), List.of());
    }
    if (example instanceof Example.Chat chat) {
      int last = chat.messages().size() - 1;
      boolean answered = chat.messages().get(last).role().equals("assistant");
      return new Conversation(chat.messages().subList(0, answered ? last : last + 1), chat.tools());
    }
    throw new DatasetException(
        "expected a prompt (field prompt, text or messages), found "
            + example.getClass().getSimpleName()
            + ". State the shape or map the fields when the data is read.");
  }
}
