package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Converts conversations to what gpt-oss' template expects: one call in a message, followed by its
 * result; thoughts in the field {@code thinking}, and then no text in a message with a call.
 */
final class HarmonyMessages {

  private static final String THOUGHTS = "reasoning_content";
  private static final String THINKING = "thinking";
  private static final String CONTENT = "content";

  private HarmonyMessages() {}

  static List<ChatMessage> rewrite(List<ChatMessage> messages) {
    List<ChatMessage> all = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = withThinking(messages.get(i));
      List<Map<?, ?>> calls = ToolCallFields.calls(message);
      if (calls.isEmpty()) {
        all.add(message);
        continue;
      }
      List<ChatMessage> results = new ArrayList<>();
      while (i + 1 < messages.size() && messages.get(i + 1).role().equals("tool")) {
        i++;
        results.add(messages.get(i));
      }
      for (int k = 0; k < calls.size(); k++) {
        Map<?, ?> call = calls.get(k);
        all.add((k == 0 ? message : ChatMessage.assistant("")).with("tool_calls", List.of(call)));
        int result = resultOf(call, results);
        if (result >= 0) {
          all.add(results.remove(result));
        }
      }
      all.addAll(results);
    }
    return all;
  }

  /** The result with the id of a call; of calls without one, the first result. */
  private static int resultOf(Map<?, ?> call, List<ChatMessage> results) {
    for (int i = 0; i < results.size(); i++) {
      Object id = results.get(i).fields().get(ToolCallFields.CALL_ID);
      if (id == null || Objects.equals(id, call.get(ToolCallFields.ID))) {
        return i;
      }
    }
    return -1;
  }

  private static ChatMessage withThinking(ChatMessage message) {
    Object thoughts = message.fields().get(THOUGHTS);
    if (!(thoughts instanceof String text) || text.isEmpty()) {
      return message;
    }
    Map<String, Object> fields = new LinkedHashMap<>(message.fields());
    fields.put(THINKING, text);
    boolean calls = !ToolCallFields.calls(message).isEmpty();
    if (calls && message.content() instanceof String said && !said.isEmpty()) {
      // The template refuses both, so the text follows the thoughts.
      fields.put(THINKING, text + "\n" + said);
    }
    if (calls) {
      fields.remove(CONTENT);
    }
    return ChatMessage.of(fields);
  }
}
