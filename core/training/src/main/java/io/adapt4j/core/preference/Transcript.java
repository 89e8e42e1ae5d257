package io.adapt4j.core.preference;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import java.util.stream.Collectors;

/** A conversation as readable text. */
final class Transcript {

  private Transcript() {}

  /** Returns a single user message as it is; otherwise every message after its role. */
  static String of(List<ChatMessage> messages) {
    return messages.size() == 1 && messages.get(0).role().equals("user")
        ? said(messages.get(0))
        : messages.stream()
            .map(message -> message.role() + ": " + said(message))
            .collect(Collectors.joining("\n\n"));
  }

  private static String said(ChatMessage message) {
    return message.content() instanceof String text ? text : "";
  }
}
