package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.jinja.Template;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes tools into messages as text, for templates without tool support: definitions into the
 * system message, calls into the assistant's, results into the user's.
 */
final class ToolTexts {

  private static final String SYSTEM = "system";
  private static final String USER = "user";
  private static final String CONTENT = "content";

  private static final Template TOOLS =
      Template.parse(
          "tools",
          """
          # Tools

          You may call one or more functions to assist with the user query.

          You are provided with function signatures within <tools></tools> XML tags:
          <tools>
          {% for tool in tools %}
          {{ tool | tojson }}
          {% endfor %}
          </tools>

          For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
          <tool_call>
          {"name": <function-name>, "arguments": <args-json-object>}
          </tool_call>""");

  private static final Template CALL =
      Template.parse(
          "call",
          """
          <tool_call>
          {"name": {{ name | tojson }}, "arguments": {{ arguments | tojson }}}
          </tool_call>""");

  private ToolTexts() {}

  static List<ChatMessage> rewrite(
      List<ChatMessage> messages, List<Map<String, Object>> tools, boolean hasSystem) {
    List<ChatMessage> texts = new ArrayList<>();
    for (ChatMessage message : messages) {
      ChatMessage last = texts.isEmpty() ? null : texts.get(texts.size() - 1);
      boolean answersCall = last != null && last.role().equals(USER) && isResult(last);
      if (message.role().equals("tool")) {
        String result = "<tool_response>\n" + text(message) + "\n</tool_response>";
        add(texts, answersCall, "\n", ChatMessage.user(result));
      } else if (message.role().equals(USER) && answersCall) {
        add(texts, true, "\n\n", message);
      } else {
        texts.add(withCalls(message));
      }
    }
    return tools.isEmpty() ? texts : withTools(texts, tools, hasSystem);
  }

  private static boolean isResult(ChatMessage message) {
    return message.content() instanceof String text
        && text.startsWith("<tool_response>\n")
        && text.contains("\n</tool_response>");
  }

  private static void add(
      List<ChatMessage> texts, boolean joined, String between, ChatMessage message) {
    if (joined) {
      ChatMessage last = texts.remove(texts.size() - 1);
      texts.add(last.with(CONTENT, text(last) + between + text(message)));
    } else {
      texts.add(message);
    }
  }

  private static ChatMessage withCalls(ChatMessage message) {
    List<Map<?, ?>> calls = ToolCallFields.calls(message);
    if (calls.isEmpty()) {
      return message;
    }
    List<String> parts = new ArrayList<>();
    String said = text(message);
    if (!said.isBlank()) {
      parts.add(said);
    }
    for (Map<?, ?> call : calls) {
      parts.add(call(call));
    }
    Map<String, Object> fields = new LinkedHashMap<>(message.fields());
    fields.remove(ToolCallFields.CALLS);
    fields.put(CONTENT, String.join("\n", parts));
    return ChatMessage.of(fields);
  }

  private static String call(Map<?, ?> call) {
    Map<?, ?> function = ToolCallFields.function(call);
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    variables.put("name", function.get(ToolCallFields.NAME));
    variables.put("arguments", ToolCallFields.asObject(function.get(ToolCallFields.ARGUMENTS)));
    return CALL.render(variables);
  }

  private static List<ChatMessage> withTools(
      List<ChatMessage> texts, List<Map<String, Object>> tools, boolean hasSystem) {
    String told = TOOLS.render(Map.of("tools", tools));
    List<ChatMessage> all = new ArrayList<>(texts);
    boolean leads = !all.isEmpty() && all.get(0).role().equals(SYSTEM);
    if (leads) {
      told = text(all.remove(0)) + "\n\n" + told;
    }
    int user = hasSystem ? -1 : firstUser(all);
    if (user < 0) {
      all.add(0, leads ? texts.get(0).with(CONTENT, told) : ChatMessage.system(told));
    } else {
      all.set(user, all.get(user).with(CONTENT, told + "\n\n" + text(all.get(user))));
    }
    return all;
  }

  private static int firstUser(List<ChatMessage> messages) {
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals(USER)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns a message's text; if it has several parts, their texts on separate lines. */
  private static String text(ChatMessage message) {
    Object content = message.content();
    if (content instanceof List<?> parts) {
      List<String> texts = new ArrayList<>();
      for (Object part : parts) {
        if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
          texts.add(text);
        }
      }
      return String.join("\n", texts);
    }
    return content == null ? "" : Objects.toString(content);
  }
}
