package io.adapt4j.tools;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.structured.TextConstraint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Conversations with a model that may call tools.
 *
 * <pre>{@code
 * ToolChat chat = ToolChat.of(model).tools(weather, clock);
 * ToolAnswer answer = chat.answer(messages, GenerationOptions.greedy());
 * }</pre>
 *
 * <p>The chat template describes the tools to the model and determines the format of calls ({@link
 * ToolFormat#of}); if it does not support tools, the system message describes them. Immutable;
 * methods that change something return copies. Safe for use by several threads, as the model is.
 */
public final class ToolChat {

  private final LanguageModel model;
  private final ModelTools shared;
  private final Tools tools;
  private final ToolChoice choice;
  private final Settings settings;

  /** Rarely changed settings. */
  private record Settings(
      boolean parallel,
      boolean constrained,
      Optional<TextConstraint> text,
      ChatOptions rendering,
      ToolObserver observer) {}

  private ToolChat(
      LanguageModel model, ModelTools shared, Tools tools, ToolChoice choice, Settings settings) {
    this.model = model;
    this.shared = shared;
    this.tools = tools;
    this.choice = choice;
    this.settings = settings;
  }

  /**
   * Creates a chat without tools.
   *
   * @param model the model, which the caller closes
   * @return the chat
   */
  public static ToolChat of(LanguageModel model) {
    return new ToolChat(
        model,
        ModelTools.of(model.tokenizer()),
        new Tools(List.of()),
        ToolChoice.auto(),
        new Settings(true, true, Optional.empty(), ChatOptions.defaults(), new ToolObserver() {}));
  }

  /**
   * Returns a copy with other tools.
   *
   * @param newTools the available tools
   * @return the copy
   * @throws IllegalArgumentException if two have the same name
   */
  public ToolChat tools(Tool... newTools) {
    return tools(List.of(newTools));
  }

  /**
   * Returns a copy with other tools.
   *
   * @return the copy
   * @throws IllegalArgumentException if two have the same name
   */
  public ToolChat tools(Collection<Tool> newTools) {
    return new ToolChat(model, shared, new Tools(newTools), choice, settings);
  }

  /**
   * Returns a copy with another tool choice; default {@link ToolChoice#auto}.
   *
   * @param newChoice the choice
   * @return the copy
   */
  public ToolChat choice(ToolChoice newChoice) {
    Objects.requireNonNull(newChoice, "choice");
    return new ToolChat(model, shared, tools, newChoice, settings);
  }

  /**
   * Returns a copy with other rendering options, for example with the variable {@code
   * enable_thinking}. Tools in the options are ignored.
   *
   * @param newRendering the options
   * @return the copy
   */
  public ToolChat rendering(ChatOptions newRendering) {
    Objects.requireNonNull(newRendering, "rendering");
    return with(
        new Settings(
            settings.parallel,
            settings.constrained,
            settings.text,
            newRendering.withoutTools().withGenerationPrompt(false),
            settings.observer));
  }

  /**
   * Returns a copy that allows several calls in an answer or only one; default several. No effect
   * if calls are not constrained.
   *
   * @param parallel whether several are allowed
   * @return the copy
   */
  public ToolChat parallelToolCalls(boolean parallel) {
    return with(
        new Settings(
            parallel, settings.constrained, settings.text, settings.rendering, settings.observer));
  }

  /**
   * Returns a copy that constrains calls or not; default constrained: arguments conform to the
   * schema of their tool, and calls are made if the choice requires them.
   *
   * @param constrained whether calls are constrained
   * @return the copy
   */
  public ToolChat constrained(boolean constrained) {
    return with(
        new Settings(
            settings.parallel, constrained, settings.text, settings.rendering, settings.observer));
  }

  /**
   * Returns a copy that constrains the text of an answer without calls, such as to JSON.
   *
   * @param text the constraint
   * @return the copy
   */
  public ToolChat text(TextConstraint text) {
    return with(
        new Settings(
            settings.parallel,
            settings.constrained,
            Optional.of(text),
            settings.rendering,
            settings.observer));
  }

  /**
   * Returns a copy whose answers and tools are run by an observer. {@link #request} is not
   * observed.
   *
   * @param observer the observer
   * @return the copy
   */
  public ToolChat observer(ToolObserver observer) {
    Objects.requireNonNull(observer, "observer");
    return with(
        new Settings(
            settings.parallel, settings.constrained, settings.text, settings.rendering, observer));
  }

  private ToolChat with(Settings newSettings) {
    return new ToolChat(model, shared, tools, choice, newSettings);
  }

  /**
   * Answers a conversation.
   *
   * @param messages the conversation, usually ended by a message of a user or a tool
   * @param options generation options
   * @return the answer
   * @throws IllegalArgumentException if a call is required without tools, or of an unknown one; if
   *     the schema of a strict tool has unsupported parts
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws io.adapt4j.jinja.TemplateException if the template refuses the conversation
   */
  public ToolAnswer answer(List<ChatMessage> messages, GenerationOptions options) {
    return answer(messages, options, event -> {}, new CancellationToken());
  }

  /**
   * Answers a conversation and streams the parts of the answer.
   *
   * @param messages the conversation
   * @param onEvent receives the parts of the answer, on this thread
   * @param cancellation cancels the generation after the current step
   * @return the answer
   */
  public ToolAnswer answer(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    return settings.observer.answering(
        messages, () -> observed(messages, options, onEvent, cancellation));
  }

  private ToolAnswer observed(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    ToolRequest request = request(messages, options);
    ToolParser parser = request.parser(onEvent);
    Generation generation =
        model.chat(messages, request.chat(), request.options(), parser::accept, cancellation);
    return request.answer(parser.finish(), generation);
  }

  /**
   * Prepares the request of {@link #answer}, for callers that run the model themselves.
   *
   * @return the request; pass the messages to the model unchanged
   */
  public ToolRequest request(List<ChatMessage> messages, GenerationOptions options) {
    Tools active = active();
    ChatOptions chat = settings.rendering.withGenerationPrompt();
    if (!active.isEmpty()) {
      chat = chat.withTools(active.all().stream().map(Tool::definition).toList());
    }
    ChatTemplate template = model.chatTemplate();
    AnswerForm form =
        AnswerForm.of(template, messages, chat, rendering -> shared.form(template, rendering));
    GenerationOptions.Builder generating = options.toBuilder();
    if (!shared.signs().isEmpty()) {
      generating.skipSpecialTokens(false);
    }
    if (settings.text.isPresent() || (settings.constrained && !active.isEmpty())) {
      if (options.constraint().isPresent()) {
        throw new IllegalArgumentException(
            "constraint: expected none beside that of calls; restrict what an answer says with"
                + " ToolChat.text");
      }
      generating.constraint(constraint(form, active));
    }
    return new ToolRequest(chat, generating.build(), form, active.all());
  }

  private OutputConstraint constraint(AnswerForm form, Tools active) {
    boolean calls = settings.constrained && !active.isEmpty();
    List<Object> kind =
        List.of(
            form,
            choice,
            calls,
            settings.parallel,
            settings.text,
            active.all().stream()
                .map(tool -> List.of(tool.definition(), tool.isStrict()))
                .toList());
    return shared.constraint(kind, () -> newConstraint(form, active, calls));
  }

  private TextConstraint newConstraint(AnswerForm form, Tools active, boolean calls) {
    if (!calls) {
      return ToolGrammar.afterThought(form, settings.text.orElseThrow());
    }
    List<Tool> callable =
        choice.name().map(name -> List.of(active.require(name))).orElseGet(active::all);
    ToolGrammar grammar = new ToolGrammar(form, callable, settings.parallel);
    return choice.forcesCall() ? grammar.calls() : grammar.textOrCalls(settings.text);
  }

  private Tools active() {
    if (choice.kind() == ToolChoice.Kind.NONE) {
      return new Tools(List.of());
    }
    choice.name().ifPresent(tools::require);
    if (choice.forcesCall() && tools.isEmpty()) {
      throw new IllegalArgumentException("a call is required, but there are no tools");
    }
    return tools;
  }

  /**
   * Answers a conversation, runs the tools that the answer calls, and continues until an answer
   * calls none. A required call is required in the first answer only. An exception of a function is
   * passed to the model as the result, after {@code Error: }.
   *
   * @param options generation options, for each answer
   * @param mostAnswers maximum number of answers, at least 1
   * @return the conversation
   * @throws IllegalArgumentException if the number is below 1; else as {@link #answer}
   */
  public ToolRun run(List<ChatMessage> messages, GenerationOptions options, int mostAnswers) {
    return run(messages, options, mostAnswers, event -> {}, new CancellationToken());
  }

  /**
   * Runs a conversation with tools and streams the parts of the answers.
   *
   * @param onEvent receives the parts of the answers, on this thread
   * @param cancellation cancels the generation after the current step, and runs no more tools
   * @return the conversation
   */
  public ToolRun run(
      List<ChatMessage> messages,
      GenerationOptions options,
      int mostAnswers,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    if (mostAnswers < 1) {
      throw new IllegalArgumentException("mostAnswers must be at least 1, but is " + mostAnswers);
    }
    return settings.observer.running(
        () -> steps(messages, options, mostAnswers, onEvent, cancellation));
  }

  private ToolRun steps(
      List<ChatMessage> messages,
      GenerationOptions options,
      int mostAnswers,
      Consumer<ToolEvent> onEvent,
      CancellationToken cancellation) {
    List<ChatMessage> all = new ArrayList<>(messages);
    ToolChat chat = this;
    for (int answers = 1; ; answers++) {
      ToolAnswer answer = chat.answer(List.copyOf(all), options, onEvent, cancellation);
      all.add(answer.message());
      boolean runs = answers < mostAnswers && !cancellation.isCancelled() && canRun(answer.calls());
      if (!runs) {
        return new ToolRun(all, answer, answer.calls().isEmpty());
      }
      for (ToolCall call : answer.calls()) {
        all.add(call.result(result(call)));
      }
      chat = choice.forcesCall() ? choice(ToolChoice.auto()) : this;
    }
  }

  private boolean canRun(List<ToolCall> calls) {
    return !calls.isEmpty()
        && calls.stream().allMatch(call -> tools.require(call.name()).function().isPresent());
  }

  private String result(ToolCall call) {
    ToolFunction function = tools.require(call.name()).function().orElseThrow();
    try {
      return settings.observer.calling(
          call, () -> Objects.requireNonNullElse(function.call(call.argumentsMap()), ""));
    } catch (RuntimeException e) {
      return "Error: " + Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }
  }
}
