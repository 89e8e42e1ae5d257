package io.adapt4j.vision.internal.prompt;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.jinja.TemplateException;
import java.util.List;
import java.util.Map;

/** Contents of messages as lists of parts, which some templates, such as SmolVLM's, need. */
public final class ContentParts {

  private static final String PROBE = "adapt4j";

  private ContentParts() {}

  /** Returns the messages with texts as parts if the template drops contents that are texts. */
  public static List<ChatMessage> fit(ChatTemplate template, List<ChatMessage> messages) {
    boolean hasTexts = messages.stream().anyMatch(message -> message.content() instanceof String);
    ChatMessage probe = ChatMessage.user(PROBE);
    return !hasTexts || isRead(template, probe) || !isRead(template, inParts(probe))
        ? messages
        : messages.stream().map(ContentParts::inParts).toList();
  }

  private static boolean isRead(ChatTemplate template, ChatMessage probe) {
    try {
      return template.render(List.of(probe), ChatOptions.defaults()).contains(PROBE);
    } catch (TemplateException e) {
      return false;
    }
  }

  private static ChatMessage inParts(ChatMessage message) {
    return message.content() instanceof String text
        ? message.with("content", List.of(Map.of("type", "text", "text", text)))
        : message;
  }
}
