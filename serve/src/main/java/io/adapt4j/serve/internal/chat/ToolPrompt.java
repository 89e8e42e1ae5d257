package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.tools.ParsedAnswer;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** A conversation ready to be answered. */
public record ToolPrompt(ToolRequest request, ModelPrompts.Prepared prompt) {

  /** Field of {@link #errors}. */
  public static final String ERRORS = "tool_call_errors";

  public Generation generate(
      LanguageModel model, Consumer<String> onText, CancellationToken cancellation) {
    return model.generate(prompt.tokenIds(), prompt.options(), onText, cancellation);
  }

  /**
   * Describes the parts of a text that begin like calls and are none: an extension of OpenAI's
   * format.
   */
  public static ArrayNode errors(List<UnparsedCall> unparsed) {
    ArrayNode errors = JsonNodeFactory.instance.arrayNode();
    for (UnparsedCall call : unparsed) {
      String reason = call.reason().name().toLowerCase(Locale.ROOT);
      errors.addObject().put("reason", reason).put("text", call.text());
    }
    return errors;
  }

  public static ParsedAnswer parsed(ToolRequest request, Generation answer) {
    if (!request.mayHaveParts()) {
      return new ParsedAnswer(answer.text(), "", List.of());
    }
    ToolParser parser = request.parser(event -> {});
    parser.accept(answer.text());
    return parser.finish();
  }
}
