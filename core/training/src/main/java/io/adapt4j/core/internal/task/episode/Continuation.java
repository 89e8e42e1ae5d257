package io.adapt4j.core.internal.task.episode;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.MessageMarker;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.jinja.TemplateException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokens between two answers of an episode, as the chat template writes them: the end of the turn,
 * the environment's messages, and the beginning of the next answer.
 *
 * <p>The tokens of earlier answers stay as they were sampled: tokenizing their text again could
 * give others, and templates may leave out earlier thoughts.
 */
public final class Continuation {

  private final Tokenizer tokenizer;
  private final ChatEncoder encoder;
  private final ChatOptions options;
  private final TemplateMarker end;

  /** Creates the continuation of a template, checked on a sample. */
  public Continuation(
      Tokenizer tokenizer, ChatTemplate template, List<Map<String, Object>> definitions) {
    this.tokenizer = tokenizer;
    this.encoder = new ChatEncoder(tokenizer, template);
    ChatOptions plain = ChatOptions.defaults().withGenerationPrompt();
    this.options = definitions.isEmpty() ? plain : plain.withTools(definitions);
    this.end =
        encoder
            .turnEnd(ChatOptions.defaults())
            .orElseThrow(
                () ->
                    new ChatException(
                        "the chat template marks no end of an answer, so that an episode cannot"
                            + " go on after one"));
    List<Call> calls =
        definitions.isEmpty() ? List.of() : List.of(new Call(name(definitions.get(0)), "call_0"));
    ChatMessage next = calls.isEmpty() ? ChatMessage.user("?") : calls.get(0).result("?");
    try {
      text(List.of(ChatMessage.user("?")), calls, List.of(next));
    } catch (TemplateException | TrainingException e) {
      throw new ChatException(
          "the chat template cannot continue after "
              + (calls.isEmpty() ? "an answer" : "a tool call")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static String name(Map<String, Object> definition) {
    return definition.get("function") instanceof Map<?, ?> function
        ? String.valueOf(function.get("name"))
        : String.valueOf(definition.get("name"));
  }

  /** Name and id of a tool call. */
  record Call(String name, String id) {

    ChatMessage result(String text) {
      return ChatMessage.tool(text).with("tool_call_id", id).with("name", name);
    }

    Map<String, Object> message(Map<String, Object> arguments) {
      Map<String, Object> function = new LinkedHashMap<>();
      function.put("name", name);
      function.put("arguments", arguments);
      Map<String, Object> call = new LinkedHashMap<>();
      call.put("id", id);
      call.put("type", "function");
      call.put("function", function);
      return call;
    }
  }

  int[] tokens(
      List<ChatMessage> before, int[] answer, List<Call> calls, List<ChatMessage> messages) {
    String after = text(before, calls, messages);
    if (!end.isToken()) {
      boolean ended = tokenizer.decode(answer, false).stripTrailing().endsWith(end.text());
      return tokenizer.encode(ended ? after : end.text() + after, false);
    }
    // Encoded with the marker, since some tokenizers treat the beginning of a text in another way.
    int[] ids = tokenizer.encode(end.text() + after, false);
    int endId = end.ids().get(0);
    int from = 0;
    while (from < ids.length && ids[from] != endId) {
      from++;
    }
    boolean ended = answer.length > 0 && answer[answer.length - 1] == endId;
    return Arrays.copyOfRange(ids, ended ? from + 1 : from, ids.length);
  }

  /** Returns the text after the marker of the answer's end. */
  private String text(List<ChatMessage> before, List<Call> calls, List<ChatMessage> messages) {
    List<ChatMessage> all = new ArrayList<>(before);
    all.add(marked(calls));
    all.addAll(messages);
    String text = encoder.render(all, options);
    int marker = text.lastIndexOf(MessageMarker.TEXT);
    int ended = marker < 0 ? -1 : text.indexOf(end.text(), marker);
    if (ended < 0) {
      throw new TrainingException(
          "the chat template writes no " + end.text() + " between an answer and what follows it");
    }
    return text.substring(ended + end.text().length());
  }

  /** Returns an answer whose last part is the message marker. */
  private static ChatMessage marked(List<Call> calls) {
    if (calls.isEmpty()) {
      return ChatMessage.assistant(MessageMarker.TEXT);
    }
    Map<String, Object> arguments = Map.of("marker", MessageMarker.TEXT);
    return ChatMessage.assistant("")
        .with("tool_calls", calls.stream().map(call -> call.message(arguments)).toList());
  }
}
