package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Source of text answers to conversations: {@code LanguageModel.asGenerator()}, a server ({@link
 * OpenAiCompatible}) or a function. Implementations are safe for use by several threads.
 */
@FunctionalInterface
public interface TextGenerator {

  /**
   * Answers a conversation.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param options generation options
   * @return the answer
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  GeneratedText generate(List<ChatMessage> messages, GenerationOptions options);

  /**
   * Answers a prompt: a conversation of a single user message.
   *
   * @param prompt the prompt
   * @return the answer
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  default GeneratedText generate(String prompt, GenerationOptions options) {
    return generate(List.of(ChatMessage.user(prompt)), options);
  }

  /**
   * Answers a conversation and streams the answer. Unless an implementation overrides it, the whole
   * answer is a single piece.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param onText receives the text as it is produced, on this thread; joined, the pieces are the
   *     answer
   * @return the answer
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer, or fails after a part of the answer
   */
  default GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    GeneratedText answer = generate(messages, options);
    if (!answer.text().isEmpty()) {
      onText.accept(answer.text());
    }
    return answer;
  }

  /**
   * Answers a conversation and streams the answer until it is cancelled, otherwise as {@link
   * #stream(List, GenerationOptions, Consumer)}. Unless an implementation overrides it,
   * cancellation takes effect at the next piece and leaves the generator by an exception.
   *
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the answer
   * @return the answer; if cancelled, the text so far with the reason {@link
   *     FinishReason#CANCELLED}
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer, or fails after a part of the answer
   */
  default GeneratedText stream(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return CancellableStream.run(this, messages, options, onText, cancellation);
  }

  /**
   * Answers several conversations.
   *
   * @param conversations the conversations
   * @param options generation options, the same for all
   * @return one answer per conversation, in order
   * @throws RequestRefusedException if one of them cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  default List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options) {
    return generateAll(conversations, options, (index, answer) -> {});
  }

  /**
   * Answers several conversations and passes on each answer as soon as it is complete, so that
   * nothing is lost if a later one fails. Unless an implementation overrides it, they are asked one
   * after the other.
   *
   * @param arrivals receives the answers, one at a time, in any order
   * @return one answer per conversation, in order
   * @throws RequestRefusedException if one of them cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  default List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
    List<GeneratedText> answers = new ArrayList<>(conversations.size());
    for (List<ChatMessage> conversation : conversations) {
      GeneratedText answer = generate(conversation, options);
      arrivals.arrived(answers.size(), answer);
      answers.add(answer);
    }
    return answers;
  }

  /**
   * Returns the identity of this generator: two generators with the same identity are expected to
   * give the same answers. It is part of the key of cached answers.
   *
   * @return a text without secrets; empty if there is none, as for a plain function
   */
  default Optional<String> identity() {
    return Optional.empty();
  }

  /**
   * Returns whether this generator adds texts to the messages that it answers, such as passages
   * that it retrieves. When one of those is deleted, all its cached answers are.
   *
   * @return false by default
   */
  default boolean retrieves() {
    return false;
  }

  /**
   * Creates a generator from a function of the last message.
   *
   * @param identity identity of the generator
   * @param answer computes the answer to a text
   * @return the generator
   */
  static TextGenerator of(String identity, UnaryOperator<String> answer) {
    return named(
        identity,
        (messages, options) ->
            GeneratedText.of(
                answer.apply(
                    messages.get(messages.size() - 1).content() instanceof String text
                        ? text
                        : "")));
  }

  /**
   * Adds an identity to a generator, such as a function that has none.
   *
   * @param identity identity of the generator, without secrets
   * @param generator the generator
   * @return the same generator with that identity
   * @throws IllegalArgumentException if the identity is blank
   */
  static TextGenerator named(String identity, TextGenerator generator) {
    if (Texts.require("identity", identity).isBlank()) {
      throw new IllegalArgumentException("identity must be a text, found a blank one");
    }
    return new NamedGenerator(identity, generator);
  }

  /**
   * Caches the answers of a generator on disk.
   *
   * @param cache the cache
   * @return a generator that asks the other one only for answers that are not cached
   * @throws IllegalArgumentException if the generator has no identity
   */
  static TextGenerator cached(TextGenerator generator, AnswerCache cache) {
    CachedGenerator.requireIdentity(generator);
    return new CachedGenerator(generator, cache);
  }

  /** Receives answers as they arrive. */
  @FunctionalInterface
  interface Arrivals {

    /**
     * Receives an answer.
     *
     * @param index index of its conversation, from 0
     * @param answer the answer
     */
    void arrived(int index, GeneratedText answer);
  }
}
