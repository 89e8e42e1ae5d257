package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.MessageMarker;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.TemplateException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the markers that a template puts around messages. */
record TemplateMarkers(Tokenizer tokenizer, ChatTemplate template, ChatOptions options) {

  /**
   * Markers such as {@code <|im_start|>}, {@code <start_of_turn>}, {@code </s>} and {@code [INST]}.
   */
  private static final Pattern SIGN = Pattern.compile("<[^<>\\s]{1,60}>|\\[/?[A-Z_]{2,30}\\]");

  /**
   * Minimum length of an end marker: shorter texts, such as a quotation mark, occur inside answers.
   */
  private static final int SHORTEST_END = 2;

  /** Returns all markers around messages, in order of occurrence. */
  List<TemplateMarker> all() {
    Set<String> texts = new LinkedHashSet<>();
    rendered(
            List.of(
                ChatMessage.user(MessageMarker.TEXT),
                ChatMessage.assistant(MessageMarker.TEXT),
                ChatMessage.user(MessageMarker.TEXT)),
            true)
        .ifPresent(
            text -> {
              Matcher signs = SIGN.matcher(text);
              while (signs.find()) {
                texts.add(signs.group());
              }
            });
    return texts.stream().map(this::marker).toList();
  }

  /**
   * Returns the end marker of an assistant message; empty if there is none or it cannot be
   * determined.
   */
  Optional<TemplateMarker> turnEnd() {
    ChatMessage question = ChatMessage.user("?");
    ChatMessage answer = ChatMessage.assistant(MessageMarker.TEXT);
    Optional<String> alone = rendered(List.of(question, answer), false).flatMap(this::afterAnswer);
    if (alone.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> end = firstLine(alone.get());
    if (end.isEmpty()) {
      // Only white space follows: the answer ends where the next question starts.
      String header = "\u0000";
      end =
          rendered(List.of(question, answer, ChatMessage.user(header)), false)
              .flatMap(this::afterAnswer)
              .map(text -> text.contains(header) ? text.substring(0, text.indexOf(header)) : "")
              .flatMap(TemplateMarkers::firstLine);
    }
    return end.map(this::endMarker)
        .filter(templateMarker -> templateMarker.text().length() >= SHORTEST_END);
  }

  private Optional<String> rendered(List<ChatMessage> messages, boolean generationPrompt) {
    try {
      return Optional.of(template.render(messages, options.withGenerationPrompt(generationPrompt)));
    } catch (TemplateException | ChatException e) {
      return Optional.empty();
    }
  }

  private Optional<String> afterAnswer(String text) {
    int mark = text.lastIndexOf(MessageMarker.TEXT);
    return mark < 0
        ? Optional.empty()
        : Optional.of(text.substring(mark + MessageMarker.TEXT.length()));
  }

  private static Optional<String> firstLine(String text) {
    return text.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst();
  }

  /**
   * Returns the marker at the start of the line if it is a single token, otherwise the whole line.
   */
  private TemplateMarker endMarker(String line) {
    Matcher sign = SIGN.matcher(line);
    if (sign.lookingAt()) {
      return marker(sign.group());
    }
    return marker(line);
  }

  private TemplateMarker marker(String text) {
    int[] ids = tokenizer.encode(text, false);
    boolean unknown =
        tokenizer.unkId().isPresent()
            && Arrays.stream(ids).anyMatch(id -> id == tokenizer.unkId().getAsInt());
    boolean same = tokenizer.decode(ids, false).strip().equals(text);
    return new TemplateMarker(text, Arrays.stream(ids).boxed().toList(), same && !unknown);
  }
}
