package io.adapt4j.serve.feedback;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import java.util.Optional;

/**
 * A complete answer of {@code /v1/chat/completions}, {@code /v1/completions}, {@code /v1/responses}
 * or {@code /v1/rag/ask} without tool calls.
 *
 * @param id the answer's {@code id}; of further choices followed by {@code -1}, {@code -2}
 * @param model the requested model
 * @param messages messages of the request; the prompt of a completion as one of the user
 * @param text text of the answer, without reasoning
 * @param version name of the version that answered, if the model has any
 * @param shadowOf the answer that the client got, if this one is only to be compared with it
 * @param user the request's {@code user}
 * @param store the request's {@code store}, by which a client allows or forbids storing the content
 */
public record ServedAnswer(
    String id,
    String model,
    List<ChatMessage> messages,
    String text,
    Optional<String> version,
    Optional<String> shadowOf,
    Optional<String> user,
    Optional<Boolean> store) {

  /** Creates an answer. */
  public ServedAnswer {
    messages = List.copyOf(messages);
  }
}
