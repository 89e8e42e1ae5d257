package io.adapt4j.core;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An encoder-decoder as a text generator. */
record SequenceGenerator(SequenceToSequenceModel model, SequenceOptions options)
    implements TextGenerator {

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions asked) {
    return generateAll(List.of(messages), asked).get(0);
  }

  @Override
  public List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions asked, Arrivals arrivals) {
    if (!asked.isGreedy() || asked.repetitionPenalty() != 1 || asked.constraint().isPresent()) {
      throw new RequestRefusedException(
          "an encoder-decoder takes the likeliest text; leave out sampling, penalties and"
              + " constraints");
    }
    List<String> texts = conversations.stream().map(ModelGenerator::plain).toList();
    SequenceOptions limited =
        options.maxNewTokens().isPresent()
            ? options
            : options.withMaxNewTokens(asked.maxNewTokens());
    List<GeneratedText> answers = new ArrayList<>();
    try {
      for (GeneratedText answer : model.answers(texts, limited)) {
        GeneratedText ended = cut(answer, asked.stopStrings());
        arrivals.arrived(answers.size(), ended);
        answers.add(ended);
      }
    } catch (IllegalArgumentException e) {
      throw new RequestRefusedException("the model refuses the request: " + e.getMessage(), e);
    }
    return answers;
  }

  private static GeneratedText cut(GeneratedText answer, List<String> stops) {
    int end =
        stops.stream()
            .mapToInt(stop -> answer.text().indexOf(stop))
            .filter(index -> index >= 0)
            .min()
            .orElse(-1);
    return end < 0
        ? answer
        : new GeneratedText(
            answer.text().substring(0, end),
            FinishReason.STOP_STRING,
            answer.usage(),
            answer.cached());
  }

  @Override
  public Optional<String> identity() {
    return model.identity().map(base -> base + " " + options);
  }
}
