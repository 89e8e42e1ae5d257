package io.adapt4j.core.internal.chat;

import com.google.common.base.Strings;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.RenderedChat;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Span;
import io.adapt4j.jinja.TemplateException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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

  private static final String ASSISTANT = "assistant";

  /** Characters on either side of a difference. */
  private static final int EXCERPT = 24;

  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final @Nullable PictureTokens pictures;
  private final Map<List<Object>, ToolTemplate> toolTemplates = new ConcurrentHashMap<>();

  public ChatEncoder(Tokenizer tokenizer, ChatTemplate template) {
    this(tokenizer, template, null);
  }

  /**
   * Creates an encoder that also encodes pictures.
   *
   * @param pictures null to leave them as the template renders them
   */
  public ChatEncoder(Tokenizer tokenizer, ChatTemplate template, @Nullable PictureTokens pictures) {
    this.pictures = pictures;
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
   *
   * <p>Rejects a message in the mask that stands otherwise when it is the last, as it was when it
   * was written: templates may leave out reasoning, or fill it in, once messages follow.
   */
  public EncodedChat encodeWithMask(
      List<ChatMessage> messages, ChatOptions options, boolean lastOnly) {
    requireReadable(messages);
    RenderOptions render = options.renderOptions();
    Clock still = Clock.fixed(render.clock().instant(), render.clock().getZone());
    Conversation fitted = fitted(messages, options.withRenderOptions(render.withClock(still)));
    RenderedChat chat = template.renderWithSpans(fitted.messages(), fitted.options());
    List<Span> all = chat.assistantSpans();
    int first = lastOnly ? Math.max(0, all.size() - 1) : 0;
    requireSame(fitted, chat, first);
    return encoded(messages, chat, all.subList(first, all.size()));
  }

  /**
   * Encodes a conversation and its continuation, with a mask over the tokens of assistant messages
   * in the continuation.
   */
  public EncodedChat encodeContinuation(
      List<ChatMessage> prompt, List<ChatMessage> continuation, ChatOptions options) {
    List<ChatMessage> messages = new ArrayList<>(prompt);
    messages.addAll(continuation);
    requireReadable(messages);
    RenderedChat chat = renderWithSpans(messages, options);
    boolean answered = prompt.stream().anyMatch(message -> message.role().equals(ASSISTANT));
    int before = answered ? renderWithSpans(prompt, options).assistantSpans().size() : 0;
    List<Span> spans = chat.assistantSpans();
    return encoded(messages, chat, spans.subList(Math.min(before, spans.size()), spans.size()));
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

  /** Rejects a trained answer that differs from the one that was given before messages followed. */
  private void requireSame(Conversation fitted, RenderedChat chat, int first) {
    List<ChatMessage> messages = fitted.messages();
    List<Integer> answers =
        IntStream.range(0, messages.size())
            .filter(number -> messages.get(number).role().equals(ASSISTANT))
            .boxed()
            .toList();
    if (answers.size() != chat.assistantSpans().size()) {
      return; // Generation blocks are not whole messages.
    }
    for (int i = first; i < answers.size() && answers.get(i) < messages.size() - 1; i++) {
      String learned = chat.text().substring(0, chat.assistantSpans().get(i).end());
      String given;
      try {
        given = template.render(messages.subList(0, answers.get(i) + 1), fitted.options());
      } catch (TemplateException e) {
        continue; // A template may refuse what ends so.
      }
      if (!given.startsWith(learned)) {
        throw new ChatException(different(answers.get(i), given, learned));
      }
    }
  }

  private static String different(int message, String given, String learned) {
    int at = Strings.commonPrefix(given, learned).length();
    return ("message %d (assistant): the template writes the conversation up to it otherwise once"
            + " messages follow: '%s' becomes '%s', so the model would learn what it never writes."
            + " Train on the last answer only (lossOn LAST_ASSISTANT), and give the others rows"
            + " that end with them; or use another chat template.")
        .formatted(message, excerpt(given, at), excerpt(learned, at));
  }

  private static String excerpt(String text, int at) {
    int start = Math.max(0, at - EXCERPT);
    return (start > 0 ? "..." : "")
        + text.substring(start, Math.min(text.length(), at + EXCERPT)).replace("\n", "\\n");
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

  private void requireReadable(List<ChatMessage> messages) {
    if (pictures == null && !PictureTokens.sources(messages).isEmpty()) {
      throw new ChatException(
          "the messages have pictures, which models of pictures read in training on next tokens,"
              + " with adapt4j-vision on the class path");
    }
  }

  /** Encodes a conversation for training on all tokens. */
  public EncodedChat encodeWhole(List<ChatMessage> messages, ChatOptions options) {
    requireReadable(messages);
    String text = render(messages, options);
    Span all = new Span(0, text.length());
    return encoded(messages, new RenderedChat(text, List.of(all)), List.of(all));
  }

  private EncodedChat encoded(List<ChatMessage> messages, RenderedChat chat, List<Span> spans) {
    if (pictures != null && (pictures.isNeeded() || !PictureTokens.sources(messages).isEmpty())) {
      return pictures.encode(messages, chat.text(), spans);
    }
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
