package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.generate.RequestScheduler;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A conversation with a {@link LanguageModel} that can be forked, rewound, saved and restored.
 *
 * <p>Keys, values and states of its prompts are in the model's prompt cache, where forks share
 * them: a turn computes only new tokens. The cache drops the least recently used ones at its limit
 * ({@link LanguageModel#limitPromptCache}), after which a turn computes them again. Answers are
 * those of {@link LanguageModel#chat}: equal up to rounding to answers without a cache, and to the
 * bit with {@link LanguageModel#reusePromptsExactly}.
 *
 * <p>Not thread-safe; forks are independent and can be used by several threads at the same time.
 * There is nothing to close. Usable until the model is closed.
 */
public final class ChatSession {

  /** Contents of a saved session. */
  public enum Contents {
    /** The messages: small files, whose first answer computes the whole prompt. */
    MESSAGES,

    /**
     * The messages, and what the prompt cache keeps of them: the first answer computes only new
     * tokens. A token takes as many bytes as in the cache.
     */
    MESSAGES_AND_CACHE
  }

  private static final String KIND = "adapt4j chat session";

  private final LanguageModel model;
  private final ChatOptions rendering;
  private final List<ChatMessage> messages;

  ChatSession(LanguageModel model, ChatOptions rendering, List<ChatMessage> messages) {
    this.model = model;
    this.rendering = Texts.require("rendering", rendering);
    this.messages = new ArrayList<>(messages);
  }

  /**
   * Sends a user's message and adds the answer.
   *
   * @param text the message
   * @param options generation options
   * @return the answer, as {@link #send(ChatMessage, GenerationOptions, Consumer,
   *     CancellationToken)} gives it
   */
  public Generation send(String text, GenerationOptions options) {
    return send(ChatMessage.user(text), options, RequestScheduler.SILENT, new CancellationToken());
  }

  /**
   * Sends a message and adds the answer, an assistant's message with the generated text. If this
   * throws, the conversation is unchanged.
   *
   * @param message the message, such as a user's or a tool's result
   * @param options generation options
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the generation after the current step; the text so far is added
   * @return the answer; {@link Generation#cachedTokens} counts the reused tokens of the prompt
   * @throws io.adapt4j.core.generate.PromptTooLongException if the conversation does not fit into
   *     the context
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   */
  public Generation send(
      ChatMessage message,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    List<ChatMessage> asked = new ArrayList<>(messages);
    asked.add(Texts.require("message", message));
    Generation answer = model.chat(asked, rendering, options, onText, cancellation);
    messages.add(message);
    messages.add(ChatMessage.assistant(answer.text()));
    return answer;
  }

  /**
   * Adds a message without answering it, such as instructions, or an answer with its tool calls.
   *
   * @param message the message
   */
  public void add(ChatMessage message) {
    messages.add(Texts.require("message", message));
  }

  /** {@return the messages so far, an immutable copy} */
  public List<ChatMessage> messages() {
    return List.copyOf(messages);
  }

  /** {@return the number of messages, to which {@link #rewindTo} can return} */
  public int mark() {
    return messages.size();
  }

  /**
   * Returns to an earlier length of the conversation.
   *
   * @param mark number of messages to keep, as {@link #mark} returned it
   * @throws IllegalArgumentException if it is negative or above the number of messages
   */
  public void rewindTo(int mark) {
    if (mark < 0 || mark > messages.size()) {
      throw new IllegalArgumentException(
          "mark: expected 0 to " + messages.size() + ", found " + mark);
    }
    messages.subList(mark, messages.size()).clear();
  }

  /**
   * Takes back the last turns: a user's message and all that follow it each.
   *
   * @param turns number of turns, at least 0
   * @throws IllegalArgumentException if there are fewer turns
   */
  public void rewind(int turns) {
    List<Integer> starts =
        IntStream.range(0, messages.size())
            .filter(i -> messages.get(i).role().equals("user"))
            .boxed()
            .toList();
    if (turns < 0 || turns > starts.size()) {
      throw new IllegalArgumentException(
          "turns: expected 0 to " + starts.size() + ", found " + turns);
    }
    if (turns > 0) {
      rewindTo(starts.get(starts.size() - turns));
    }
  }

  /**
   * Returns a second session with the same messages. Both continue independently; the memory of
   * their common prefix is shared.
   *
   * @return the fork
   */
  public ChatSession fork() {
    return new ChatSession(model, rendering, messages);
  }

  /**
   * Saves the session, atomically and durably, replacing an earlier file; encrypted if {@link
   * LanguageModel#encryptPrompts} was called. Other calls of the model run meanwhile.
   *
   * @param file the file to write
   * @param contents what to include
   * @throws IllegalStateException if an active adapter is not on disk, so that the model has no
   *     identity
   * @throws UncheckedIOException if writing fails
   */
  public void save(Path file, Contents contents) {
    Texts.require("file", file);
    Texts.require("contents", contents);
    int[] ids = contents == Contents.MESSAGES || messages.isEmpty() ? null : tokens();
    model.saveSession(file, this::header, ids);
  }

  private int[] tokens() {
    GenerationOptions any =
        GenerationOptions.greedy().toBuilder().ignoreContextLength(true).build();
    return model.prompts().chat(messages, rendering, any, new CancellationToken()).tokenIds();
  }

  private ObjectNode header() {
    ObjectNode header = JsonNodeFactory.instance.objectNode().put("kind", KIND);
    header.put("model", identity(model)).put("template", model.chatTemplate().digest());
    ArrayNode all = header.putArray("messages");
    messages.forEach(message -> all.add(PlainJson.tree(message.fields())));
    return header;
  }

  private static String identity(LanguageModel model) {
    return model
        .identity()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "An active adapter is not on disk, so that a saved session could not name it."
                        + " Save the adapter and load it from its folder."));
  }

  /**
   * Restores a saved session with {@link ChatOptions#defaults}.
   *
   * @param model the model that saved it, or another one of the same files, adapters and template
   * @param file the file
   * @return the session
   * @throws CheckpointException as {@link #restore(LanguageModel, Path, ChatOptions)} does
   */
  public static ChatSession restore(LanguageModel model, Path file) {
    return restore(model, file, ChatOptions.defaults());
  }

  /**
   * Restores a saved session. Its part of the cache is added to the model's prompt cache if it fits
   * the limit and {@link LanguageModel#reusePromptsExactly} is set as it was; otherwise the first
   * answer computes the prompt.
   *
   * @param model the model that saved it, or another one of the same files, adapters and template
   * @param file the file
   * @param rendering rendering options, which are not saved
   * @return the session
   * @throws CheckpointException if the file is damaged or of another kind, or was saved with
   *     another model, adapter or chat template
   * @throws UncheckedIOException if reading fails
   */
  public static ChatSession restore(LanguageModel model, Path file, ChatOptions rendering) {
    Texts.require("model", model);
    Texts.require("file", file);
    JsonNode header = model.restoreSession(file, found -> requireSame(model, file, found));
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : header.path("messages")) {
      messages.add(ChatMessage.of(fields(file, message)));
    }
    return new ChatSession(model, rendering, messages);
  }

  private static Map<String, Object> fields(Path file, JsonNode message) {
    if (PlainJson.value(message) instanceof Map<?, ?> map && message.path("role").isTextual()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      map.forEach((key, value) -> fields.put(String.valueOf(key), value));
      return fields;
    }
    throw new CheckpointException(file + ": expected messages with a role. Delete the file.");
  }

  private static void requireSame(LanguageModel model, Path file, JsonNode header) {
    if (!header.path("kind").asText().equals(KIND)) {
      throw new CheckpointException(file + ": expected a saved session, found another file.");
    }
    require(file, "model", identity(model), header.path("model").asText());
    require(file, "template", model.chatTemplate().digest(), header.path("template").asText());
  }

  private static void require(Path file, String what, String expected, String found) {
    if (!expected.equals(found)) {
      throw new CheckpointException(
          "%s: %s: the session was saved with '%s', this model has '%s'. Load the same files and adapters, or start a new session."
              .formatted(file, what, found, expected));
    }
  }
}
