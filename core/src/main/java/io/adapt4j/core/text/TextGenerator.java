package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Anything that answers a conversation with a text: {@code LanguageModel.asGenerator()}, a server
 * ({@link OpenAiCompatible}) or a function. Implementations are safe for use by several threads.
 */
@FunctionalInterface
public interface TextGenerator {

  /**
   * Answers a conversation.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param options how to choose tokens and when to stop
   * @return the answer
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  GeneratedText generate(List<ChatMessage> messages, GenerationOptions options);

  /**
   * Answers a prompt: a conversation of one user's message.
   *
   * @param prompt what is asked
   * @param options how to choose tokens and when to stop
   * @return the answer
   * @throws RequestRefusedException if this request cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  default GeneratedText generate(String prompt, GenerationOptions options) {
    return generate(List.of(ChatMessage.user(prompt)), options);
  }

  /**
   * Answers a conversation and hands the answer on piece by piece. Unless an implementation does
   * better there is one piece, the whole.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param options how to choose tokens and when to stop
   * @param onText takes the text as it is produced, on this thread; joined, the pieces are the
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
   * Answers a conversation piece by piece until it is cancelled, otherwise as {@link #stream(List,
   * GenerationOptions, Consumer)}. Unless an implementation does better, the cancellation is seen
   * when the next piece comes, and what the generator holds open is left by an exception.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param options how to choose tokens and when to stop
   * @param onText takes the text as it is produced, on this thread
   * @param cancellation ends the answer
   * @return the answer; what there is so far, of the reason {@link FinishReason#CANCELLED}, when
   *     cancelled
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
   * @param options how to choose tokens and when to stop, the same for all
   * @return one answer a conversation, in their order
   * @throws RequestRefusedException if one of them cannot be answered
   * @throws GeneratorException if the generator cannot answer at all
   */
  default List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options) {
    return generateAll(conversations, options, (index, answer) -> {});
  }

  /**
   * Answers several conversations and hands each answer on as soon as it is there, so that nothing
   * is lost when a later one fails. Unless an implementation does better they are asked one after
   * the other.
   *
   * @param conversations the conversations
   * @param options how to choose tokens and when to stop, the same for all
   * @param arrivals takes the answers, one at a time, in any order
   * @return one answer a conversation, in their order
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
   * Returns what tells this generator from others: two with the same identity are expected to
   * answer alike. It is part of the key that answers are kept under.
   *
   * @return a text without secrets; empty if there is none, as for a plain function
   */
  default Optional<String> identity() {
    return Optional.empty();
  }

  /**
   * Makes a generator of a function of the last message.
   *
   * @param identity what tells it from other generators
   * @param answer gives the answer to a text
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
   * Gives a generator an identity, such as one that is a function and has none.
   *
   * @param identity what tells it from other generators, without secrets
   * @param generator the generator
   * @return the same generator with that identity
   * @throws IllegalArgumentException if the identity is blank
   */
  static TextGenerator named(String identity, TextGenerator generator) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity must be a text, found a blank one");
    }
    return new NamedGenerator(identity, generator);
  }

  /**
   * Keeps the answers of a generator on disk, and answers what was asked before from there.
   *
   * @param generator the generator
   * @param cache where answers are kept
   * @return a generator that asks the other only what is not kept
   * @throws IllegalArgumentException if the generator has no identity
   */
  static TextGenerator cached(TextGenerator generator, AnswerCache cache) {
    CachedGenerator.requireIdentity(generator);
    return new CachedGenerator(generator, cache);
  }

  /** Takes answers as they come. */
  @FunctionalInterface
  interface Arrivals {

    /**
     * Takes an answer.
     *
     * @param index the number of its conversation, from 0
     * @param answer the answer
     */
    void arrived(int index, GeneratedText answer);
  }
}
