package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.jinja.TemplateException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tool support of a chat template, detected by rendering a call with it. Converts conversations
 * with tools to the form that the template expects: arguments as an object or as text, ids in
 * Mistral's format, and plain text if it does not support tools. Immutable.
 */
public final class ToolTemplate {

  private static final String NAME = "adapt4j_probe";
  private static final String KEY = "adapt4j_key";
  private static final String VALUE = "adapt4j_value";
  private static final String ID = "adapt4j00";

  private static final Map<String, Object> TOOL =
      Map.of(
          "type",
          "function",
          "function",
          Map.of(
              "name",
              NAME,
              "description",
              "None.",
              "parameters",
              Map.of("type", "object", "properties", Map.of(KEY, Map.of("type", "string")))));

  private static final Pattern ARGUMENTS =
      Pattern.compile(
          "\\s*:\\s*\\{\\s*\"" + KEY + "\"\\s*:\\s*\"" + VALUE + "\"\\s*\\}.*", Pattern.DOTALL);

  /**
   * Matches a call in {@link ToolSyntax#TAGGED_KEYS} whose name, argument and end are separated by
   * the same white space.
   */
  private static final Pattern KEYS =
      Pattern.compile(
          "((\\s*)<arg_key>"
              + KEY
              + "</arg_key>\\s*<arg_value>)"
              + VALUE
              + "</arg_value>\\2</tool_call>.*",
          Pattern.DOTALL);

  /** Matches a call of Kimi K2, which has the id instead of the name. */
  private static final Pattern KIMI =
      Pattern.compile("<\\|tool_call_begin\\|>" + ID + "<\\|tool_call_argument_begin\\|>");

  private final ToolSyntax syntax;
  private final boolean argumentsAreText;
  private final String named;
  private final boolean hasSystem;

  private ToolTemplate(
      ToolSyntax syntax, boolean argumentsAreText, String named, boolean hasSystem) {
    this.syntax = syntax;
    this.argumentsAreText = argumentsAreText;
    this.named = named;
    this.hasSystem = hasSystem;
  }

  /** Detects the tool support of a template by rendering a call. */
  public static ToolTemplate of(ChatTemplate template, ChatOptions options) {
    boolean tools = options.tools().isPresent();
    ChatOptions plain = options.withGenerationPrompt(false);
    ChatOptions probing = tools ? plain.withTools(List.of(TOOL)) : plain;
    ChatMessage question = ChatMessage.user("?");
    boolean known =
        !tools
            || !render(template, List.of(question), probing)
                .equals(render(template, List.of(question), plain.withoutTools()));
    if (known) {
      for (Object arguments : List.of(Map.of(KEY, VALUE), "{\"" + KEY + "\": \"" + VALUE + "\"}")) {
        for (Object content : new @Nullable Object[] {"", null}) {
          Optional<ToolTemplate> found =
              render(template, List.of(question, call(arguments, content)), probing)
                  .flatMap(text -> read(text, arguments instanceof String));
          if (found.isPresent()) {
            return found.get();
          }
        }
      }
    }
    if (tools && known) {
      return new ToolTemplate(ToolSyntax.TEMPLATES_OWN, false, "", true);
    }
    return new ToolTemplate(
        ToolSyntax.TOLD_IN_TEXT, false, "", takesSystem(template, options, question));
  }

  private static boolean takesSystem(
      ChatTemplate template, ChatOptions options, ChatMessage question) {
    return render(
            template,
            List.of(ChatMessage.system(VALUE), question),
            options.withGenerationPrompt(true))
        .filter(text -> text.contains(VALUE))
        .isPresent();
  }

  private static ChatMessage call(Object arguments, @Nullable Object content) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put(ToolCallFields.NAME, NAME);
    function.put(ToolCallFields.ARGUMENTS, arguments);
    Map<String, Object> call = new LinkedHashMap<>();
    call.put(ToolCallFields.ID, ID);
    call.put("type", ToolCallFields.FUNCTION);
    call.put(ToolCallFields.FUNCTION, function);
    return ChatMessage.assistant("")
        .with("content", content)
        .with(ToolCallFields.CALLS, List.of(call));
  }

  private static Optional<String> render(
      ChatTemplate template, List<ChatMessage> messages, ChatOptions options) {
    try {
      return Optional.of(template.render(messages, options));
    } catch (TemplateException | ChatException e) {
      return Optional.empty();
    }
  }

  /** Detects the syntax of the rendered call; the definition of the tool comes before it. */
  private static Optional<ToolTemplate> read(String text, boolean argumentsAreText) {
    if (KIMI.matcher(text).find()) {
      return Optional.of(new ToolTemplate(ToolSyntax.KIMI, argumentsAreText, "", true));
    }
    int name = text.lastIndexOf(NAME);
    if (name < 0) {
      return Optional.empty();
    }
    String before = text.substring(Math.max(0, name - 80), name);
    String after = text.substring(name + NAME.length());
    ToolSyntax syntax = null;
    String named = "";
    if (before.endsWith("<function=")) {
      syntax = after.contains("<parameter=" + KEY + ">") ? ToolSyntax.TAGGED_XML : null;
    } else if (before.endsWith("<tool_call>")) {
      Matcher keys = KEYS.matcher(after);
      if (keys.matches()) {
        syntax = ToolSyntax.TAGGED_KEYS;
        named = keys.group(1);
      }
    } else if (before.endsWith("[TOOL_CALLS]")) {
      int arguments = after.indexOf('{');
      named = arguments < 0 ? "" : after.substring(0, arguments);
      syntax =
          arguments >= 0 && ARGUMENTS.matcher(":" + after.substring(arguments)).matches()
              ? ToolSyntax.MISTRAL_NAMED
              : null;
    } else if (isJson(before, after)) {
      syntax = ofJson(before, after);
    } else {
      CallSyntax found = CallSyntax.of(before, after, KEY, VALUE);
      syntax = found == null ? null : found.syntax();
      named = found == null ? "" : found.named();
    }
    return syntax == null
        ? Optional.empty()
        : Optional.of(new ToolTemplate(syntax, argumentsAreText, named, true));
  }

  private static boolean isJson(String before, String after) {
    int key = after.indexOf('"', 1);
    int end = key < 0 ? -1 : after.indexOf('"', key + 1);
    return before.endsWith("\"")
        && after.startsWith("\"")
        && end >= 0
        && ARGUMENTS.matcher(after.substring(end + 1)).matches();
  }

  private static @Nullable ToolSyntax ofJson(String before, String after) {
    String open = before.replaceAll("\\s", "").replaceFirst("\"id\":\"" + ID + "\",", "");
    boolean arguments = after.replaceAll("\\s", "").startsWith("\",\"arguments\":");
    boolean parameters = after.replaceAll("\\s", "").startsWith("\",\"parameters\":");
    if (open.endsWith("[TOOL_CALLS][{\"name\":\"") && arguments) {
      return ToolSyntax.MISTRAL_LIST;
    }
    if (open.contains("<|START_ACTION|>[{") && open.endsWith("\"tool_name\":\"") && parameters) {
      return ToolSyntax.COMMAND_R;
    }
    if (open.endsWith("<tool_call>{\"name\":\"") && arguments) {
      return ToolSyntax.TAGGED_JSON;
    }
    boolean bare = open.endsWith("{\"name\":\"") && !open.endsWith("[{\"name\":\"");
    return bare && parameters ? ToolSyntax.BARE_JSON : null;
  }

  /** {@return the syntax of tool calls} */
  public ToolSyntax syntax() {
    return syntax;
  }

  /**
   * {@return the text between name and arguments, including the id, in {@link
   * ToolSyntax#MISTRAL_NAMED}; in {@link ToolSyntax#TAGGED_KEYS}, the text between the name and the
   * first value; in {@link ToolSyntax#DEEPSEEK}, between name and arguments; in {@link
   * ToolSyntax#PYTHONIC}, the marker before the list, if any; in {@link ToolSyntax#GEMMA}, the
   * quotation mark}
   */
  public String named() {
    return named;
  }

  /** Converts a conversation to the form that the template expects. */
  public List<ChatMessage> messages(List<ChatMessage> messages, ChatOptions options) {
    if (syntax == ToolSyntax.TOLD_IN_TEXT) {
      return ToolTexts.rewrite(messages, options.tools().orElse(List.of()), hasSystem);
    }
    List<ChatMessage> result = new ArrayList<>();
    Ids ids = new Ids(syntax == ToolSyntax.KIMI);
    List<ChatMessage> all =
        syntax == ToolSyntax.HARMONY ? HarmonyMessages.rewrite(messages) : messages;
    for (ChatMessage message : all) {
      result.add(ToolCallFields.isAboutTools(message) ? fitted(message, ids) : message);
    }
    return result;
  }

  /** Removes the tools from the options if they are written into the messages. */
  public ChatOptions options(ChatOptions options) {
    return syntax == ToolSyntax.TOLD_IN_TEXT ? options.withoutTools() : options;
  }

  private ChatMessage fitted(ChatMessage message, Ids ids) {
    List<Map<?, ?>> calls = ToolCallFields.calls(message);
    boolean ownIds =
        syntax == ToolSyntax.MISTRAL_LIST
            || syntax == ToolSyntax.MISTRAL_NAMED
            || syntax == ToolSyntax.KIMI;
    if (calls.isEmpty()) {
      return ownIds ? ids.answered(message) : message;
    }
    List<Object> fitted = new ArrayList<>();
    for (Map<?, ?> call : calls) {
      Object arguments = ToolCallFields.function(call).get(ToolCallFields.ARGUMENTS);
      Object given =
          argumentsAreText ? ToolCallFields.asText(arguments) : ToolCallFields.asObject(arguments);
      Map<String, Object> changed =
          ToolCallFields.withArguments(call, Objects.requireNonNullElse(given, Map.of()));
      fitted.add(ownIds ? ids.called(changed) : changed);
    }
    return message.with(ToolCallFields.CALLS, fitted);
  }

  /**
   * Assigns calls and their results the ids of nine letters and digits that Mistral requires, or
   * ids with the name of the tool for Kimi.
   */
  private static final class Ids {

    private static final Pattern FITTING = Pattern.compile("[a-zA-Z0-9]{9}");

    private final Map<String, String> byGiven = new HashMap<>();
    private final List<String> open = new ArrayList<>();
    private final boolean named;
    private int count;

    Ids(boolean named) {
      this.named = named;
    }

    Map<String, Object> called(Map<String, Object> call) {
      String given = call.get(ToolCallFields.ID) instanceof String text ? text : "";
      Object name = ToolCallFields.function(call).get(ToolCallFields.NAME);
      String id = FITTING.matcher(given).matches() ? given : "call%05d".formatted(count);
      if (named) {
        id = "functions." + name + ":" + count;
      }
      count++;
      if (!given.isEmpty()) {
        byGiven.put(given, id);
      }
      open.add(id);
      return ToolCallFields.with(call, ToolCallFields.ID, id);
    }

    ChatMessage answered(ChatMessage result) {
      Object given = result.fields().get(ToolCallFields.CALL_ID);
      String id = given instanceof String text ? byGiven.get(text) : null;
      if (id == null) {
        id = open.isEmpty() ? "call00000" : open.get(0);
      }
      open.remove(id);
      return result.with(ToolCallFields.CALL_ID, id);
    }
  }
}
