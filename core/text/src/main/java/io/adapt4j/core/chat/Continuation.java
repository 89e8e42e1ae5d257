package io.adapt4j.core.chat;

import io.adapt4j.jinja.Rendered;
import io.adapt4j.jinja.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Renders a conversation whose last message is continued: as in Transformers, a marker is appended
 * to its text and the rendering is cut there.
 */
final class Continuation {

  private static final String MARK = "CONTINUE_FINAL_MESSAGE_TAG";

  private Continuation() {}

  /** Renders up to the end of the last message's text, with the spans of generation blocks. */
  static RenderedChat render(
      ChatTemplate template, List<ChatMessage> messages, ChatOptions options) {
    if (messages.isEmpty()) {
      throw new ChatException("there is no final message to continue; give at least one message");
    }
    ChatMessage last = messages.get(messages.size() - 1);
    Object marked = marked(last.content());
    List<ChatMessage> conversation = new ArrayList<>(messages);
    conversation.set(messages.size() - 1, last.with("content", marked));
    Rendered rendered = template.rendered(conversation, options);
    String text = cut(rendered.text(), Objects.requireNonNull(lastText(last.content())));
    boolean blocks = template.template(options).hasGenerationBlocks();
    return new RenderedChat(text, blocks ? clipped(rendered.spans(), text.length()) : List.of());
  }

  private static Object marked(@Nullable Object content) {
    if (content instanceof String text) {
      return text + MARK + " ";
    }
    if (content instanceof List<?> parts) {
      List<Object> marked = new ArrayList<>(parts);
      int at = lastTextPart(parts);
      Map<String, Object> part = new LinkedHashMap<>();
      ((Map<?, ?>) parts.get(at)).forEach((key, value) -> part.put((String) key, value));
      part.put("text", lastText(content) + MARK + " ");
      marked.set(at, part);
      return marked;
    }
    throw noText();
  }

  private static @Nullable String lastText(@Nullable Object content) {
    return content instanceof List<?> parts
        ? (String) ((Map<?, ?>) parts.get(lastTextPart(parts))).get("text")
        : (String) content;
  }

  private static int lastTextPart(List<?> parts) {
    for (int i = parts.size() - 1; i >= 0; i--) {
      if (parts.get(i) instanceof Map<?, ?> part && part.get("text") instanceof String) {
        return i;
      }
    }
    throw noText();
  }

  private static ChatException noText() {
    return new ChatException(
        "the final message has no text to continue; give it a text content, or use a generation"
            + " prompt");
  }

  private static String cut(String rendered, String lastText) {
    int mark = rendered.lastIndexOf(MARK);
    if (mark < 0 || !rendered.contains(lastText.strip())) {
      throw new ChatException(
          "the template changes or leaves out the text of the final message, so the message cannot"
              + " be continued; check the template, or use a generation prompt");
    }
    String before = rendered.substring(0, mark);
    return rendered.startsWith(MARK + " ", mark) ? before : before.stripTrailing();
  }

  private static List<Span> clipped(List<Span> spans, int length) {
    return spans.stream()
        .filter(span -> span.start() < length)
        .map(span -> new Span(span.start(), Math.min(span.end(), length)))
        .toList();
  }
}
