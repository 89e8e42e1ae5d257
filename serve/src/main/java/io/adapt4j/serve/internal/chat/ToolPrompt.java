package io.adapt4j.serve.internal.chat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.tools.ParsedAnswer;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.util.List;
import java.util.function.Consumer;

/** A conversation ready to be answered. */
public record ToolPrompt(ToolRequest request, ModelPrompts.Prepared prompt) {
  /** Answers the prompt. */
  public Generation generate(
      LanguageModel model, Consumer<String> onText, CancellationToken cancellation) {
    return model.generate(prompt.tokenIds(), prompt.options(), onText, cancellation);
  }

  /** Returns the parts of an answer. */
  public static ParsedAnswer parsed(ToolRequest request, Generation answer) {
    if (!request.mayHaveParts()) {
      return new ParsedAnswer(answer.text(), "", List.of());
    }
    ToolParser parser = request.parser(event -> {});
    parser.accept(answer.text());
    return parser.finish();
  }
}
