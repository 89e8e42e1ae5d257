package io.adapt4j.core.chat;

import io.adapt4j.core.template.Span;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Turns conversations into tokens, for generation or training.
 *
 * <p>No special tokens are added: the template writes those that belong, and the tokenizer reads
 * them as what they are. Thread-safe as the tokenizer is, which stays the caller's to close.
 */
public final class ChatEncoder {

  private final Tokenizer tokenizer;
  private final ChatTemplate template;

  /**
   * Creates an encoder.
   *
   * @param tokenizer the model's tokenizer
   * @param template the model's chat template
   */
  public ChatEncoder(Tokenizer tokenizer, ChatTemplate template) {
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
    this.template = Objects.requireNonNull(template, "template");
  }

  /**
   * Encodes a conversation for the model to answer or go on with.
   *
   * @param messages the conversation
   * @param options how to render it, usually with a generation prompt
   * @return the ids
   * @throws io.adapt4j.core.template.TemplateException if the template fails or refuses the
   *     conversation
   * @throws ChatException as {@link ChatTemplate#render} does
   */
  public int[] encode(List<ChatMessage> messages, ChatOptions options) {
    return tokenizer.encode(template.render(messages, options), false);
  }

  /**
   * Encodes a conversation for training, with the tokens of assistant messages marked. A token is
   * marked if any of its characters is in a span of {@link ChatTemplate#renderWithSpans}.
   *
   * @param messages the conversation
   * @param options how to render it
   * @return text, ids and mask
   * @throws io.adapt4j.core.template.TemplateException if the template fails or refuses the
   *     conversation
   * @throws ChatException as {@link ChatTemplate#renderWithSpans} does
   */
  public EncodedChat encodeWithMask(List<ChatMessage> messages, ChatOptions options) {
    return encodeWithMask(messages, options, false);
  }

  /**
   * Encodes a conversation for training, with the tokens of all assistant messages marked or only
   * those of the last span of {@link ChatTemplate#renderWithSpans}. A token is marked if any of its
   * characters is in a span.
   *
   * @param messages the conversation
   * @param options how to render it
   * @param lastOnly whether to mark the last span only
   * @return text, ids and mask
   * @throws io.adapt4j.core.template.TemplateException if the template fails or refuses the
   *     conversation
   * @throws ChatException as {@link ChatTemplate#renderWithSpans} does
   */
  public EncodedChat encodeWithMask(
      List<ChatMessage> messages, ChatOptions options, boolean lastOnly) {
    RenderedChat chat = template.renderWithSpans(messages, options);
    List<Span> all = chat.assistantSpans();
    List<Span> spans = lastOnly && !all.isEmpty() ? all.subList(all.size() - 1, all.size()) : all;
    return encoded(chat, spans);
  }

  /**
   * Encodes a conversation and what may follow it, with the tokens of assistant messages marked
   * that follow it.
   *
   * @param prompt the conversation so far; may be empty
   * @param continuation the messages that follow
   * @param options how to render them
   * @return text, ids and mask of all of it
   * @throws io.adapt4j.core.template.TemplateException if the template fails or refuses the
   *     conversation
   * @throws ChatException as {@link ChatTemplate#renderWithSpans} does
   */
  public EncodedChat encodeContinuation(
      List<ChatMessage> prompt, List<ChatMessage> continuation, ChatOptions options) {
    List<ChatMessage> messages = new ArrayList<>(prompt);
    messages.addAll(continuation);
    RenderedChat chat = template.renderWithSpans(messages, options);
    boolean answered = prompt.stream().anyMatch(message -> message.role().equals("assistant"));
    int before = answered ? template.renderWithSpans(prompt, options).assistantSpans().size() : 0;
    List<Span> spans = chat.assistantSpans();
    return encoded(chat, spans.subList(Math.min(before, spans.size()), spans.size()));
  }

  private EncodedChat encoded(RenderedChat chat, List<Span> spans) {
    Encoding encoding = tokenizer.encodeWithOffsets(chat.text(), false);
    boolean[] mask = new boolean[encoding.length()];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = isInside(encoding.starts()[i], encoding.ends()[i], spans);
    }
    return new EncodedChat(chat.text(), encoding.ids(), mask);
  }

  private static boolean isInside(int start, int end, List<Span> spans) {
    return spans.stream()
        .anyMatch(
            span ->
                start < end
                    ? start < span.end() && end > span.start()
                    : start >= span.start() && start < span.end());
  }
}
