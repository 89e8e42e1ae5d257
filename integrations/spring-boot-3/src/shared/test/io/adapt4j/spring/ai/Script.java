package io.adapt4j.spring.ai;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A model that obeys: it calls the tool {@code weather} where there is one, says what a tool told,
 * and else repeats the last message. A word with the space before it is a token.
 */
final class Script implements ModelAccess {

  final List<List<ChatMessage>> asked = new ArrayList<>();
  final List<GenerationOptions> options = new ArrayList<>();

  @Override
  public synchronized Generation chat(
      Question question,
      ChatOptions chat,
      GenerationOptions chosen,
      Consumer<String> onText,
      CancellationToken cancellation) {
    List<ChatMessage> messages = question.messages();
    asked.add(messages);
    options.add(chosen);
    ChatMessage last = messages.get(messages.size() - 1);
    String answer;
    if (last.role().equals("tool")) {
      answer = "The tool says: " + last.content();
    } else if (chat.tools().isPresent()) {
      answer =
          "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Munich\"}}\n</tool_call>";
    } else {
      answer = "You said: " + last.content();
    }
    StringBuilder said = new StringBuilder();
    int tokens = 0;
    for (String token : answer.split("(?<=\\S)(?=\\s)", -1)) {
      if (cancellation.isCancelled()) {
        return generation(said, tokens, FinishReason.CANCELLED);
      }
      if (tokens == chosen.maxNewTokens()) {
        return generation(said, tokens, FinishReason.LENGTH);
      }
      tokens++;
      said.append(token);
      onText.accept(token);
    }
    return generation(said, tokens, FinishReason.EOS);
  }

  private static Generation generation(CharSequence said, int tokens, FinishReason reason) {
    return new Generation(said.toString(), IntStream.range(0, tokens).boxed().toList(), reason, 7);
  }
}
