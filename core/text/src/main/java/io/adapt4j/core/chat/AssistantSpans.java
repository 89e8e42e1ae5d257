package io.adapt4j.core.chat;

import io.adapt4j.core.internal.MessageMarker;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Rendered;
import io.adapt4j.jinja.Span;
import io.adapt4j.jinja.TemplateException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the text that assistant messages contribute to a rendered conversation.
 *
 * <p>Without generation blocks, a message begins where the preceding messages end with a generation
 * prompt, and ends where the messages including it end, if both renderings are prefixes of the
 * whole one. If they are not, because the template renders a message differently when others follow
 * it, the message's content is replaced by a marker, and the text around the marker gives the
 * message's bounds.
 */
record AssistantSpans(
    ChatTemplate template, List<ChatMessage> messages, ChatOptions options, String whole) {

  private static final String ROLE = "assistant";
  private static final String CONTENT = "content";

  static RenderedChat render(
      ChatTemplate template, List<ChatMessage> messages, ChatOptions options) {
    ChatOptions still = withStillClock(options);
    if (template.template(still).hasGenerationBlocks()) {
      return fromBlocks(template, messages, still);
    }
    String whole = template.render(messages, still);
    AssistantSpans finder = new AssistantSpans(template, List.copyOf(messages), still, whole);
    return new RenderedChat(whole, finder.spans());
  }

  private static RenderedChat fromBlocks(
      ChatTemplate template, List<ChatMessage> messages, ChatOptions options) {
    if (options.continuesFinalMessage()) {
      return Continuation.render(template, messages, options);
    }
    Rendered rendered = template.rendered(messages, options);
    return new RenderedChat(rendered.text(), rendered.spans());
  }

  /** Fixes the clock, since every rendering must see the same time. */
  private static ChatOptions withStillClock(ChatOptions options) {
    RenderOptions render = options.renderOptions();
    Clock clock = render.clock();
    return options.withRenderOptions(
        render.withClock(Clock.fixed(clock.instant(), clock.getZone())));
  }

  private List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals(ROLE)) {
        Span span = span(i);
        if (!spans.isEmpty() && span.start() < spans.get(spans.size() - 1).end()) {
          throw cannotTell(i, "it would overlap the assistant message before it");
        }
        spans.add(span);
      }
    }
    return spans;
  }

  private Span span(int index) {
    boolean continued = options.continuesFinalMessage() && index == messages.size() - 1;
    int start = start(index);
    int end = continued ? whole.length() : end(index);
    if (end < start) {
      throw cannotTell(index, "its end is before its beginning");
    }
    return new Span(start, end);
  }

  private int start(int index) {
    Optional<String> before = prefix(index, true);
    if (before.isPresent() && whole.startsWith(before.get())) {
      return before.get().length();
    }
    String marked = marked(index);
    int mark = marked.indexOf(MessageMarker.TEXT);
    if (mark < 0 || !whole.startsWith(marked.substring(0, mark))) {
      throw cannotTell(index, "the text before it depends on what it says");
    }
    return mark;
  }

  private int end(int index) {
    Optional<String> upTo = prefix(index + 1, false);
    if (upTo.isPresent() && whole.startsWith(upTo.get())) {
      return upTo.get().length();
    }
    String rest = afterMark(marked(index), index);
    String alone = afterMark(alone(index), index);
    if (!whole.endsWith(rest)) {
      throw cannotTell(index, "the text after it depends on what it says");
    }
    return whole.length() - rest.length() + MessageMarker.turnEnd(rest, alone);
  }

  private String afterMark(String rendered, int index) {
    int mark = rendered.lastIndexOf(MessageMarker.TEXT);
    if (mark < 0) {
      throw cannotTell(index, "the template leaves out or changes its content");
    }
    return rendered.substring(mark + MessageMarker.TEXT.length());
  }

  /** Renders the first messages; empty if the template refuses them without the following ones. */
  private Optional<String> prefix(int count, boolean generationPrompt) {
    try {
      return Optional.of(
          template
              .rendered(messages.subList(0, count), options.withGenerationPrompt(generationPrompt))
              .text());
    } catch (TemplateException e) {
      return Optional.empty();
    }
  }

  /** Renders the whole conversation with a marker as a message's content. */
  private String marked(int index) {
    List<ChatMessage> conversation = new ArrayList<>(messages);
    conversation.set(index, messages.get(index).with(CONTENT, MessageMarker.TEXT));
    return rendered(conversation, index, options.addsGenerationPrompt());
  }

  /** Renders the conversation up to a message whose content is a marker. */
  private String alone(int index) {
    List<ChatMessage> conversation = new ArrayList<>(messages.subList(0, index));
    conversation.add(messages.get(index).with(CONTENT, MessageMarker.TEXT));
    return rendered(conversation, index, false);
  }

  private String rendered(List<ChatMessage> conversation, int index, boolean generationPrompt) {
    try {
      return template.rendered(conversation, options.withGenerationPrompt(generationPrompt)).text();
    } catch (TemplateException e) {
      throw new ChatException(cannotTell(index, e.getMessage()).getMessage(), e);
    }
  }

  private static ChatException cannotTell(int index, @Nullable String reason) {
    return new ChatException(
        ("message %s (assistant): its part of the rendered conversation cannot be told: %s."
                + " Use a template with {%% generation %%} blocks around what the model is to"
                + " learn, or train on the last message only.")
            .formatted(index, reason));
  }
}
