package io.adapt4j.spring.ai;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolAnswer;
import io.adapt4j.tools.ToolCall;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolEvent;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.function.SingletonSupplier;

/**
 * A replier with a model in this process, with tools and schemas unless it has no chat template.
 */
final class ModelReplier implements Replier {

  private final Supplier<LanguageModel> source;
  private final Function<LanguageModel, ModelAccess> access;
  private final Supplier<ToolChat> chat;

  ModelReplier(Supplier<LanguageModel> source) {
    this(source, ModelReplier::ofTexts);
  }

  /** Uses the model's template and tokenizer, but another source of generated text. */
  ModelReplier(Supplier<LanguageModel> source, Function<LanguageModel, ModelAccess> access) {
    this.source = source;
    this.access = access;
    this.chat = SingletonSupplier.of(() -> ToolChat.of(source.get()));
  }

  static ModelAccess ofTexts(LanguageModel model) {
    return (question, chat, options, onText, cancellation) ->
        model.chat(question.messages(), chat, options, onText, cancellation);
  }

  @Override
  public Reply reply(Question question, Consumer<String> onText, CancellationToken cancellation) {
    LanguageModel model = source.get();
    ModelAccess read = access.apply(model);
    read.checkPictures(question);
    if (!model.hasChatTemplate()) {
      return new GeneratorReplier(model::asGenerator).reply(question, onText, cancellation);
    }
    List<Tool> tools = question.tools().stream().map(ModelReplier::tool).toList();
    ToolRequest request =
        Schemas.hold(chat.get().tools(tools), question)
            .request(question.messages(), question.options());
    ToolParser parser =
        request.parser(
            event -> {
              if (event instanceof ToolEvent.Text text) {
                onText.accept(text.text());
              }
            });
    Generation generation =
        read.chat(question, request.chat(), request.options(), parser::accept, cancellation);
    return reply(request.answer(parser.finish(), generation));
  }

  private static Reply reply(ToolAnswer answer) {
    Generation generation = answer.generation();
    return new Reply(
        answer.text(),
        answer.thinking().orElse(""),
        answer.calls().stream().map(ModelReplier::call).toList(),
        answer.callsTools() ? "TOOL_CALLS" : Responses.reason(generation.finishReason()),
        Optional.of(new TokenUsage(generation.promptTokens(), generation.tokenIds().size())));
  }

  private static AssistantMessage.ToolCall call(ToolCall call) {
    return new AssistantMessage.ToolCall(call.id(), "function", call.name(), call.arguments());
  }

  private static Tool tool(ToolDefinition definition) {
    String schema = definition.inputSchema();
    // A schema is a JSON object, as arguments are.
    Map<String, Object> parameters =
        schema.isBlank() ? Map.of() : new ToolCall("", "", schema).argumentsMap();
    return Tool.of(definition.name(), definition.description(), parameters).lenient();
  }
}
