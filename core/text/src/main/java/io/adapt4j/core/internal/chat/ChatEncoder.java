package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.RenderedChat;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * Tokenizes conversations for generation or training.
 *
 * <p>Conversations with tools are first converted to the form that the template expects ({@link
 * ToolTemplate}).
 *
 * <p>No special tokens are added: the template writes them, and the tokenizer recognizes them.
 * Thread-safe if the tokenizer is, which the caller closes.
 */
public final class ChatEncoder {

  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final Map<List<Object>, ToolTemplate> toolTemplates = new ConcurrentHashMap<>();

  /** Creates an encoder. */
  public ChatEncoder(Tokenizer tokenizer, ChatTemplate template) {
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
    this.template = Objects.requireNonNull(template, "template");
  }

  /** Renders a conversation for the model to answer or continue. */
  public String render(List<ChatMessage> messages, ChatOptions options) {
    Conversation fitted = fitted(messages, options);
    return template.render(fitted.messages(), fitted.options());
  }

  /** Encodes a conversation for the model to answer or continue. */
  public int[] encode(List<ChatMessage> messages, ChatOptions options) {
    return tokenizer.encode(render(messages, options), false);
  }

  /**
   * Encodes a conversation like {@link #encode(List, ChatOptions)}, but fails early if it has too
   * many tokens.
   *
   * @param isCancelled polled from time to time, on this thread
   */
  public int[] encode(
      List<ChatMessage> messages,
      ChatOptions options,
      int mostTokens,
      BooleanSupplier isCancelled) {
    IntPredicate ends =
        printed -> {
          tokenizer.requireLength(printed, mostTokens);
          return isCancelled.getAsBoolean();
        };
    ChatOptions rendering =
        options.withRenderOptions(options.renderOptions().withCancellation(ends));
    return tokenizer.encode(render(messages, rendering), false, mostTokens, isCancelled);
  }

  /**
   * Encodes a conversation for training, with a mask over the tokens of all assistant messages or
   * only of the last span of {@link ChatTemplate#renderWithSpans}. A token is in the mask if any of
   * its characters is in a span.
   */
  public EncodedChat encodeWithMask(
      List<ChatMessage> messages, ChatOptions options, boolean lastOnly) {
    RenderedChat chat = renderWithSpans(messages, options);
    List<Span> all = chat.assistantSpans();
    List<Span> spans = lastOnly && !all.isEmpty() ? all.subList(all.size() - 1, all.size()) : all;
    return encoded(chat, spans);
  }

  /**
   * Encodes a conversation and its continuation, with a mask over the tokens of assistant messages
   * in the continuation.
   *
   * @param prompt the conversation so far; may be empty
   */
  public EncodedChat encodeContinuation(
      List<ChatMessage> prompt, List<ChatMessage> continuation, ChatOptions options) {
    List<ChatMessage> messages = new ArrayList<>(prompt);
    messages.addAll(continuation);
    RenderedChat chat = renderWithSpans(messages, options);
    boolean answered = prompt.stream().anyMatch(message -> message.role().equals("assistant"));
    int before = answered ? renderWithSpans(prompt, options).assistantSpans().size() : 0;
    List<Span> spans = chat.assistantSpans();
    return encoded(chat, spans.subList(Math.min(before, spans.size()), spans.size()));
  }

  /** Finds the markers that the template puts around messages, and their tokens. */
  public List<TemplateMarker> markers() {
    return new TemplateMarkers(tokenizer, template, ChatOptions.defaults()).all();
  }

  /** Finds the marker that ends an answer in this template, at which generation should stop. */
  public Optional<TemplateMarker> turnEnd(ChatOptions options) {
    return new TemplateMarkers(tokenizer, template, options).turnEnd();
  }

  /**
   * Returns a warning about the template with this tokenizer, if there is a reason: markers that
   * are split into several tokens, characters missing from the vocabulary, or answers without an
   * end marker.
   */
  public Optional<String> remark() {
    List<TemplateMarker> all = markers();
    Optional<TemplateMarker> end = turnEnd(ChatOptions.defaults());
    List<String> parts = new ArrayList<>();
    List<TemplateMarker> spelled =
        all.stream().filter(templateMarker -> !templateMarker.isToken()).toList();
    if (!spelled.isEmpty()) {
      parts.add(
          "the tokenizer does not know "
              + spelled.stream()
                  .map(
                      templateMarker ->
                          templateMarker.text() + " (" + templateMarker.ids().size() + " tokens)")
                  .collect(Collectors.joining(", "))
              + " as a token, so the model learns "
              + (spelled.size() == 1 ? "it" : "them")
              + " as text, and each message takes that many tokens more");
    }
    List<String> lost =
        all.stream()
            .filter(templateMarker -> !templateMarker.isSpelled())
            .map(TemplateMarker::text)
            .toList();
    if (!lost.isEmpty()) {
      parts.add(
          "the vocabulary lacks characters of "
              + String.join(", ", lost)
              + ", which reach the model as unknown tokens: choose another template, such as"
              + " alpaca");
    }
    if (end.isEmpty()) {
      parts.add("the template marks no end of an answer, so answers end at the token limit");
    } else if (!end.get().isToken()) {
      parts.add("answers end at the text " + end.get().text());
    }
    return parts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", parts));
  }

  private RenderedChat renderWithSpans(List<ChatMessage> messages, ChatOptions options) {
    Conversation fitted = fitted(messages, options);
    return template.renderWithSpans(fitted.messages(), fitted.options());
  }

  private record Conversation(List<ChatMessage> messages, ChatOptions options) {}

  private Conversation fitted(List<ChatMessage> messages, ChatOptions options) {
    boolean tools = options.tools().isPresent();
    if (!tools && messages.stream().noneMatch(ToolCallFields::isAboutTools)) {
      return new Conversation(messages, options);
    }
    ToolTemplate form =
        toolTemplates.computeIfAbsent(
            List.of(tools, options.templateName(), options.variables()),
            key -> ToolTemplate.of(template, options));
    return new Conversation(form.messages(messages, options), form.options(options));
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
