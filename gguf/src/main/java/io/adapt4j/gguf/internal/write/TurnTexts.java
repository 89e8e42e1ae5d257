package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.jinja.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Text that a chat template puts around each message, if it depends on the message's role only:
 * found by rendering conversations and verified on another one.
 */
public record TurnTexts(
    Optional<Around> system, String defaultSystem, Around user, Around assistant, String answer) {

  private static final String SYSTEM = "\u27e6system\u27e7";
  private static final String FIRST = "\u27e6first\u27e7";
  private static final String ANSWER = "\u27e6answer\u27e7";
  private static final String SECOND = "\u27e6second\u27e7";

  /** Text around a message. */
  public record Around(String before, String after) {}

  public static Optional<TurnTexts> of(ChatTemplate template, String bos) {
    try {
      return new Reader(template, bos).read();
    } catch (ChatException | TemplateException e) {
      return Optional.empty();
    }
  }

  /** Renders conversations. */
  private record Reader(ChatTemplate template, String bos) {

    Optional<TurnTexts> read() {
      String alone = render(false, user(FIRST));
      String answered = render(false, user(FIRST), assistant(ANSWER));
      String again = render(false, user(FIRST), assistant(ANSWER), user(SECOND));
      String after = after(alone, FIRST);
      String end = after(answered, ANSWER);
      Optional<String> before = withoutStart(between(again, ANSWER, SECOND), end);
      Optional<String> opening = withoutStart(between(answered, FIRST, ANSWER), after);
      Optional<String> answer = withoutStart(render(true, user(FIRST)), alone);
      if (before.isEmpty() || opening.isEmpty() || answer.isEmpty()) {
        return Optional.empty();
      }
      Around user = new Around(before.get(), after);
      Optional<String> lead = withoutEnd(before(alone, FIRST), user.before());
      if (lead.isEmpty()) {
        return Optional.empty();
      }
      Optional<Around> system = system(user);
      Optional<String> stated = lead.get().isEmpty() ? Optional.of("") : inside(lead.get(), system);
      return stated
          .map(
              text ->
                  new TurnTexts(system, text, user, new Around(opening.get(), end), answer.get()))
          .filter(this::holds);
    }

    private Optional<Around> system(Around user) {
      try {
        String rendered = render(false, ChatMessage.system(SYSTEM), user(FIRST));
        return withoutEnd(between(rendered, SYSTEM, FIRST), user.before())
            .map(end -> new Around(before(rendered, SYSTEM), end));
      } catch (ChatException | TemplateException e) {
        return Optional.empty();
      }
    }

    /** Returns the system message without the surrounding text. */
    private static Optional<String> inside(String lead, Optional<Around> system) {
      return system
          .filter(around -> lead.startsWith(around.before()) && lead.endsWith(around.after()))
          .filter(around -> lead.length() >= around.before().length() + around.after().length())
          .map(
              around ->
                  lead.substring(
                      around.before().length(), lead.length() - around.after().length()));
    }

    /** Returns whether the texts reproduce a longer conversation as the template renders it. */
    private boolean holds(TurnTexts texts) {
      List<ChatMessage> messages = new ArrayList<>();
      StringBuilder expected = new StringBuilder();
      texts
          .system()
          .ifPresent(
              around -> {
                messages.add(ChatMessage.system("Be brief."));
                expected.append(around.before()).append("Be brief.").append(around.after());
              });
      for (String word : List.of("one", "two")) {
        messages.add(user(word));
        expected.append(texts.user().before()).append(word).append(texts.user().after());
        messages.add(assistant(word));
        expected.append(texts.assistant().before()).append(word).append(texts.assistant().after());
      }
      messages.add(user("three"));
      expected.append(texts.user().before()).append("three").append(texts.user().after());
      expected.append(texts.answer());
      return render(true, messages.toArray(ChatMessage[]::new)).contentEquals(expected);
    }

    private static ChatMessage user(String text) {
      return ChatMessage.user(text);
    }

    private static ChatMessage assistant(String text) {
      return ChatMessage.assistant(text);
    }

    private String render(boolean prompt, ChatMessage... messages) {
      ChatOptions options = ChatOptions.defaults().withGenerationPrompt(prompt);
      String text = template.render(List.of(messages), options);
      return !bos.isEmpty() && text.startsWith(bos) ? text.substring(bos.length()) : text;
    }

    private static String before(String text, String mark) {
      return text.substring(0, at(text, mark));
    }

    private static String after(String text, String mark) {
      return text.substring(at(text, mark) + mark.length());
    }

    private static String between(String text, String from, String to) {
      return before(after(text, from), to);
    }

    private static int at(String text, String mark) {
      int at = text.indexOf(mark);
      if (at < 0) {
        throw new ChatException("the template leaves out a message");
      }
      return at;
    }

    private static Optional<String> withoutStart(String text, String start) {
      return text.startsWith(start)
          ? Optional.of(text.substring(start.length()))
          : Optional.empty();
    }

    private static Optional<String> withoutEnd(String text, String end) {
      return text.endsWith(end)
          ? Optional.of(text.substring(0, text.length() - end.length()))
          : Optional.empty();
    }
  }
}
