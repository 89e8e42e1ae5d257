package io.adapt4j.langchain4j;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.core.tokenize.TokenBytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model that obeys: what LangChain4j's contract asks for is answered as a large model would, with
 * calls as Hermes and Qwen write them. It says the first of its answers that the constraint allows.
 * A word with the space before it is a token. Limits and stop texts hold as they do for a model.
 */
final class Script implements TextGenerator, ModelAccess {

  /** A vocabulary of a token for each byte. */
  private static final TokenBytes BYTES =
      TokenBytes.of(IntStream.range(0, 256).mapToObj(id -> new byte[] {(byte) id}).toList());

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
    Generation said = answer(messages, ChatOptions.defaults(), options, onText, cancellation);
    return new GeneratedText(
        said.text(),
        said.finishReason(),
        Optional.of(new TokenUsage(said.promptTokens(), said.tokenIds().size())),
        false);
  }

  @Override
  public Generation chat(
      Question question,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return answer(question.messages(), chat, options, onText, cancellation);
  }

  private static Generation answer(
      List<ChatMessage> messages,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    List<String> answers = answers(messages, tools(chat));
    String answer =
        answers.stream()
            .filter(text -> mayBe(text, options.constraint()))
            .findFirst()
            .orElseThrow(
                () -> new AssertionError(options.constraint() + " allows none of " + answers));
    return say(answer, messages, options, onText, cancellation);
  }

  /** Whether a constraint allows a text, byte by byte to its end. */
  private static boolean mayBe(String text, Optional<OutputConstraint> constraint) {
    if (constraint.isEmpty()) {
      return true;
    }
    ConstraintState state = constraint.get().begin(BYTES, true);
    for (byte next : text.getBytes(StandardCharsets.UTF_8)) {
      if (!state.allowed().contains(next & 0xFF)) {
        return false;
      }
      state.accept(next & 0xFF);
    }
    return state.mayEnd();
  }

  private static List<String> tools(ChatOptions chat) {
    return chat.tools().stream()
        .flatMap(List::stream)
        .map(tool -> (Map<?, ?>) tool.get("function"))
        .map(function -> String.valueOf(function.get("name")))
        .toList();
  }

  /** What may be said, the best first. */
  private static List<String> answers(List<ChatMessage> messages, List<String> tools) {
    if (messages.get(messages.size() - 1).role().equals("tool")) {
      return List.of("The tools say: " + results(messages), "{\"weather\":\"sunny\"}");
    }
    if (tools.contains("get_current_time")) {
      return List.of(call("get_current_time", "{}"));
    }
    if (tools.contains("getTime")) {
      return List.of(
          call("getWeather", "{\"city\": \"Munich\"}")
              + "\n"
              + call("getTime", "{\"country\": \"France\"}"));
    }
    if (tools.contains("getWeather")) {
      return List.of(call("getWeather", "{\"city\": \"Munich\"}"));
    }
    return List.of(answer(text(messages).toLowerCase(Locale.ROOT)), "{\"city\":\"Berlin\"}");
  }

  private static String answer(String all) {
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

  private static String call(String name, String arguments) {
    return "<tool_call>\n{\"name\": \"%s\", \"arguments\": %s}\n</tool_call>"
        .formatted(name, arguments);
  }

  private static String results(List<ChatMessage> messages) {
    return text(messages.stream().filter(message -> message.role().equals("tool")).toList());
  }

  private static String text(List<ChatMessage> messages) {
    return messages.stream()
        .map(message -> String.valueOf(message.content()))
        .collect(Collectors.joining("\n"));
  }

  private static Generation say(
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
    for (String token : whole.split("(?<=\\S)(?=\\s)|(?<=:)", -1)) {
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
    return new Generation(
        said.toString(), IntStream.range(0, tokens).boxed().toList(), reason, read);
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
