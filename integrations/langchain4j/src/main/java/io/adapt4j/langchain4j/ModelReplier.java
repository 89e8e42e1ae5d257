package io.adapt4j.langchain4j;

import com.google.common.base.Suppliers;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.output.FinishReason;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolAnswer;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolChoice;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * A replier with a model in this process, with tools and formats unless it has no chat template.
 */
final class ModelReplier implements Replier {

  private final LanguageModel model;
  private final ModelAccess access;
  private final Supplier<ToolChat> chat;
  private final Replier plain;

  /** Repliers by adapter, kept for the caches of tokenizer and template. */
  private final Map<String, Replier> adapted = new ConcurrentHashMap<>();

  ModelReplier(LanguageModel model) {
    this(model, ModelAccess.of(model));
  }

  /** Uses the model's template and tokenizer, but another source of generated text. */
  ModelReplier(LanguageModel model, ModelAccess access) {
    this.model = model;
    this.access = access;
    this.chat = Suppliers.memoize(() -> ToolChat.of(model));
    this.plain = new GeneratorReplier(model.asGenerator());
  }

  @Override
  public void check(Question question) {
    if (!model.hasChatTemplate()) {
      plain.check(question);
    }
    access.checkPictures(question);
    Formats.constraint(question.format());
    tools(question);
  }

  @Override
  public boolean knowsSchemas() {
    return true;
  }

  @Override
  public List<String> adapterNames() {
    return model.adapterNames();
  }

  @Override
  public Optional<Replier> withAdapter(String name) {
    if (!model.adapterNames().contains(name)) {
      adapted.remove(name);
      return Optional.empty();
    }
    try {
      return Optional.of(adapted.computeIfAbsent(name, this::newWithAdapter));
    } catch (IllegalArgumentException e) {
      // Removed in the meantime.
      return Optional.empty();
    }
  }

  private Replier newWithAdapter(String name) {
    LanguageModel view = model.withAdapter(name);
    return new ModelReplier(view, access.withAdapter(view, name));
  }

  @Override
  public Reply reply(Question question, ReplyListener listener, CancellationToken cancellation) {
    if (!model.hasChatTemplate()) {
      return plain.reply(question, listener, cancellation);
    }
    ToolChat asked = chat.get().tools(tools(question)).choice(choice(question));
    ToolRequest request =
        Formats.constraint(question.format())
            .map(asked::text)
            .orElse(asked)
            .request(question.messages(), question.options());
    ToolParser parser = request.parser(new CallEvents(listener));
    Generation generation =
        access.chat(question, request.chat(), request.options(), parser::accept, cancellation);
    return reply(request.answer(parser.finish(), generation));
  }

  private static Reply reply(ToolAnswer answer) {
    Generation generation = answer.generation();
    return new Reply(
        answer.text(),
        answer.thinking().orElse(""),
        answer.calls().stream().map(CallEvents::request).toList(),
        answer.callsTools()
            ? FinishReason.TOOL_EXECUTION
            : Answers.reason(generation.finishReason()),
        Optional.of(new TokenUsage(generation.promptTokens(), generation.tokenIds().size())));
  }

  private static List<Tool> tools(Question question) {
    return question.tools().stream().map(ModelReplier::tool).toList();
  }

  private static Tool tool(ToolSpecification specification) {
    Tool tool =
        Tool.of(
            specification.name(),
            Objects.requireNonNullElse(specification.description(), ""),
            specification.parameters() == null
                ? Map.of()
                : JsonSchemaElementUtils.toMap(specification.parameters()));
    return Boolean.TRUE.equals(specification.strict()) ? tool : tool.lenient();
  }

  private static ToolChoice choice(Question question) {
    return switch (question.choice()) {
      case AUTO -> ToolChoice.auto();
      case REQUIRED -> ToolChoice.required();
      case NONE -> ToolChoice.none();
    };
  }
}
