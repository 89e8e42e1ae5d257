package io.adapt4j.langchain4j;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A model that obeys: what LangChain4j's contract asks for is answered as a large model would. A
 * word with the space before it is a token. Limits and stop texts hold as they do for a model.
 */
final class Script implements TextGenerator {

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    return stream(messages, options, piece -> {}, new CancellationToken());
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return say(answer(messages), messages, options, onText, cancellation);
  }

  static String answer(List<ChatMessage> messages) {
    String all = text(messages).toLowerCase(Locale.ROOT);
    if (all.contains("i love you")) {
      return "Ich liebe dich.";
    }
    if (all.contains("my favorite color is green")) {
      return "Your favorite color is green.";
    }
    if (all.contains("hello world")) {
      return "Hello World, how are you?";
    }
    if (all.contains("germany")) {
      return "The capital of Germany is Berlin, and this has been so for a long time.";
    }
    return "Once upon a time there was a fox who lived in a wood and told long stories.";
  }

  private static String text(List<ChatMessage> messages) {
    return messages.stream()
        .map(message -> String.valueOf(message.content()))
        .collect(Collectors.joining("\n"));
  }

  private static GeneratedText say(
      String answer,
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    StringBuilder said = new StringBuilder();
    int tokens = 0;
    FinishReason reason = FinishReason.EOS;
    String whole = stopped(answer, options);
    if (whole.length() < answer.length()) {
      reason = FinishReason.STOP_STRING;
    }
    for (String token : whole.split("(?<=\\S)(?=\\s)")) {
      if (cancellation.isCancelled()) {
        reason = FinishReason.CANCELLED;
        break;
      }
      if (tokens == options.maxNewTokens()) {
        reason = FinishReason.LENGTH;
        break;
      }
      tokens++;
      said.append(token);
      onText.accept(token);
    }
    int read = text(messages).split("\\s+").length;
    return new GeneratedText(
        said.toString(), reason, Optional.of(new TokenUsage(read, tokens)), false);
  }

  private static String stopped(String answer, GenerationOptions options) {
    return options.stopStrings().stream()
        .mapToInt(answer::indexOf)
        .filter(at -> at >= 0)
        .min()
        .stream()
        .mapToObj(at -> answer.substring(0, at))
        .findFirst()
        .orElse(answer);
  }
}
