package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.jinja.Span;
import java.util.List;
import java.util.Map;

/** Encodes rendered conversations with pictures, whose tokens have ids above the vocabulary. */
public interface PictureTokens {

  /** The first id of a picture's token; vocabularies are smaller. */
  int FIRST = 1 << 24;

  /** Encodes a conversation. */
  EncodedChat encode(List<ChatMessage> messages, String text, List<Span> answers);

  /** Returns whether conversations without pictures are refused. */
  default boolean isNeeded() {
    return false;
  }

  /**
   * Returns a number for a picture's token that depends on the picture's content and not, like its
   * id, on the pictures before.
   */
  int key(int id);

  /** Returns the sources of the pictures of a conversation, in order. */
  static List<String> sources(List<ChatMessage> messages) {
    return messages.stream().flatMap(message -> sources(message).stream()).toList();
  }

  /** Returns the sources of the pictures of a message, in order. */
  static List<String> sources(ChatMessage message) {
    return message.content() instanceof List<?> parts
        ? parts.stream()
            .filter(part -> part instanceof Map<?, ?> fields && "image".equals(fields.get("type")))
            .map(part -> String.valueOf(((Map<?, ?>) part).get("image")))
            .toList()
        : List.of();
  }
}
