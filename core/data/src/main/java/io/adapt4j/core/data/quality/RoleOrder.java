package io.adapt4j.core.data.quality;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks the order of roles that chat templates and models expect: system message first, user and
 * assistant alternating, tool results after the assistant's calls, the assistant last.
 */
final class RoleOrder {

  private static final String USER = "user";
  private static final String ASSISTANT = "assistant";
  private static final String TOOL = "tool";

  private RoleOrder() {}

  /** Describes the problem in words; empty if there is none. */
  static String problem(List<ChatMessage> messages) {
    String before = "";
    for (int i = 0; i < messages.size(); i++) {
      String role = messages.get(i).role();
      boolean instructions = role.equals("system") || role.equals("developer");
      if (instructions && !before.isEmpty()) {
        return "message " + i + " is of " + role + ", expected only at the beginning";
      }
      if (!instructions) {
        if (!follows(role, before, i == 0 ? null : messages.get(i - 1))) {
          return "message %s is of %s%s"
              .formatted(i, role, before.isEmpty() ? " and the first" : " after one of " + before);
        }
        before = role;
      }
    }
    return before.equals(ASSISTANT) ? "" : "the last message is of " + before;
  }

  private static boolean follows(String role, String before, @Nullable ChatMessage last) {
    return switch (role) {
      case USER -> before.isEmpty() || before.equals(ASSISTANT);
      case ASSISTANT -> before.equals(USER) || before.equals(TOOL);
      case TOOL ->
          before.equals(TOOL)
              || (before.equals(ASSISTANT)
                  && last != null
                  && last.fields().get("tool_calls") != null);
      default -> false;
    };
  }
}
