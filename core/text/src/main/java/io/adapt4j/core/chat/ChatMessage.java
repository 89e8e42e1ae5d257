package io.adapt4j.core.chat;

import com.fasterxml.jackson.annotation.JsonValue;
import io.adapt4j.core.internal.Texts;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message of a conversation: a role, a content, and any further fields that a chat template uses,
 * such as {@code tool_calls}, {@code tool_call_id}, {@code name} or {@code reasoning_content}.
 * Values are as in JSON: text, numbers, booleans, null, lists and maps of these. Immutable.
 */
public final class ChatMessage {

  private static final String ROLE = "role";
  private static final String CONTENT = "content";

  private final Map<String, Object> fields;

  private ChatMessage(Map<String, Object> fields) {
    this.fields = fields;
  }

  /**
   * Creates a message from its fields, such as a JSON object of a chat dataset.
   *
   * @param fields the fields, copied at every level; a text {@code role} is needed
   * @return the message
   * @throws IllegalArgumentException if there is no text {@code role}, or a key is not a text
   */
  public static ChatMessage of(Map<String, ?> fields) {
    Map<String, Object> copy = PlainValues.copy(fields);
    if (!(copy.get(ROLE) instanceof String)) {
      throw new IllegalArgumentException(
          "a message needs a text 'role', such as \"user\", found "
              + (copy.containsKey(ROLE) ? copy.get(ROLE) : "the fields " + copy.keySet()));
    }
    return new ChatMessage(copy);
  }

  /**
   * Creates a message from a role and a text.
   *
   * @param role who speaks, such as {@code user}
   * @param content text of the message
   * @return the message
   */
  public static ChatMessage of(String role, String content) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Texts.require(ROLE, role);
    Texts.require(CONTENT, content);
    fields.put(ROLE, role);
    fields.put(CONTENT, content);
    return new ChatMessage(Collections.unmodifiableMap(fields));
  }

  /**
   * Creates a message with instructions for the model.
   *
   * @return the message
   */
  public static ChatMessage system(String content) {
    return of("system", content);
  }

  /**
   * Creates a user message.
   *
   * @return the message
   */
  public static ChatMessage user(String content) {
    return of("user", content);
  }

  /**
   * Creates an assistant message.
   *
   * @return the message
   */
  public static ChatMessage assistant(String content) {
    return of("assistant", content);
  }

  /**
   * Creates a message with the result of a tool.
   *
   * @param content the tool's result
   * @return the message
   */
  public static ChatMessage tool(String content) {
    return of("tool", content);
  }

  /**
   * Returns a copy with a field added or replaced.
   *
   * @param field the field's name
   * @param value its value, copied at every level; may be null
   * @return the copy
   */
  public ChatMessage with(String field, @Nullable Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    changed.put(field, value);
    return of(changed);
  }

  /**
   * Returns the role of the speaker.
   *
   * @return the role, such as {@code assistant}
   */
  public String role() {
    return (String) Objects.requireNonNull(fields.get(ROLE));
  }

  /**
   * Returns the content.
   *
   * @return a text, a list of parts as maps, or null
   */
  public @Nullable Object content() {
    return fields.get(CONTENT);
  }

  /**
   * Returns all fields, including role and content.
   *
   * @return an immutable map in the order the fields were given
   */
  @JsonValue
  public Map<String, Object> fields() {
    return fields;
  }

  /** Messages with equal fields are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ChatMessage message && fields.equals(message.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return fields.toString();
  }
}
