package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.TemplateException;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Turns;
import io.adapt4j.structured.ConstraintLimits;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolChoice;
import io.adapt4j.tools.ToolRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The tools of a request. */
public record ToolFields(List<Tool> tools, ToolChoice choice, boolean parallel) {

  private static final String TOOLS = "tools";
  private static final String CHOICE = "tool_choice";

  /** OpenAI's limit. */
  private static final int MOST = 128;

  /**
   * Reads the tools of a conversation, where a function is described in a field {@code function}.
   */
  static ToolFields read(Parameters parameters) {
    return read(parameters, json -> json.path("function"), "function.");
  }

  /** Reads the tools of a response, where the description is next to the type. */
  public static ToolFields readFlat(Parameters parameters) {
    return read(parameters, json -> json, "");
  }

  private static ToolFields read(
      Parameters parameters, UnaryOperator<JsonNode> function, String at) {
    List<Tool> tools = new ArrayList<>();
    JsonNode json = parameters.value(TOOLS).orElse(null);
    if (json != null) {
      if (!json.isArray() || json.size() > MOST) {
        throw Fault.parameter(TOOLS, "expected an array of at most " + MOST + " tools");
      }
      for (int i = 0; i < json.size(); i++) {
        tools.add(tool(TOOLS + "[" + i + "]", json.get(i), function, at));
      }
    }
    if (tools.stream().map(Tool::name).distinct().count() < tools.size()) {
      throw Fault.parameter(TOOLS, "expected one tool of each name");
    }
    ToolChoice choice = choice(parameters, function);
    if (choice.forcesCall() && tools.isEmpty()) {
      throw Fault.parameter(CHOICE, "expected only with tools");
    }
    choice
        .name()
        .filter(name -> tools.stream().noneMatch(tool -> tool.name().equals(name)))
        .ifPresent(
            name -> {
              throw Fault.parameter(CHOICE, "there is no tool called '" + name + "'");
            });
    boolean parallel =
        parameters.value("parallel_tool_calls").isEmpty() || parameters.flag("parallel_tool_calls");
    return new ToolFields(List.copyOf(tools), choice, parallel);
  }

  private static Tool tool(
      String at, JsonNode json, UnaryOperator<JsonNode> function, String within) {
    if (!json.isObject()) {
      throw Fault.parameter(TOOLS, at + ": expected an object, found " + Parameters.kind(json));
    }
    String type = json.path("type").asText("function");
    if (!type.equals("function")) {
      throw Fault.unsupported(
          TOOLS, at + ": this server has tools of the type 'function', found '" + type + "'");
    }
    JsonNode described = function.apply(json);
    if (!described.path("name").isTextual()) {
      throw Fault.parameter(TOOLS, at + "." + within + "name: expected a string");
    }
    try {
      return Tool.from(object(described));
    } catch (IllegalArgumentException e) {
      throw Fault.parameter(TOOLS, at + ": " + e.getMessage());
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(JsonNode json) {
    return (Map<String, Object>) Objects.requireNonNull(PlainJson.value(json));
  }

  private static ToolChoice choice(Parameters parameters, UnaryOperator<JsonNode> function) {
    JsonNode json = parameters.value(CHOICE).orElse(null);
    if (json == null) {
      return ToolChoice.auto();
    }
    if (json.isObject() && json.path("type").asText().equals("function")) {
      JsonNode name = function.apply(json).path("name");
      if (name.isTextual()) {
        return ToolChoice.named(name.textValue());
      }
    }
    return switch (json.asText()) {
      case "auto" -> ToolChoice.auto();
      case "none" -> ToolChoice.none();
      case "required" -> ToolChoice.required();
      default ->
          throw Fault.parameter(
              CHOICE, "expected none, auto, required or a function with its name");
    };
  }

  /** Prepares the request to a model. */
  public ToolPrompt prompt(
      Conversation conversation,
      TextShape text,
      GenerationOptions options,
      String input,
      boolean inTurn,
      CancellationToken cancellation) {
    boolean constrains = !tools.isEmpty() || !text.isAny();
    ToolRequest request =
        constrains
            ? limited(
                inTurn,
                cancellation,
                () -> request(conversation, text, options, input, cancellation))
            : request(conversation, text, options, input, cancellation);
    return new ToolPrompt(request, conversation.prompt(request, cancellation));
  }

  /** Compiles schemas within limits, one after the other. */
  private static <T> T limited(
      boolean inTurn, CancellationToken cancellation, Supplier<T> compiling) {
    ConstraintLimits limits = ConstraintLimits.defaults();
    if (inTurn) {
      return limits.run(cancellation::isCancelled, compiling);
    }
    try (Turns.Turn turn = Turns.OF_PROCESS.take(cancellation::isCancelled)) {
      return limits.run(cancellation::isCancelled, compiling);
    }
  }

  private ToolRequest request(
      Conversation conversation,
      TextShape text,
      GenerationOptions options,
      String input,
      CancellationToken cancellation) {
    LanguageModel model = conversation.model();
    RenderOptions rendering =
        RenderOptions.defaults().withCancellation(printed -> cancellation.isCancelled());
    ToolChat chat =
        ToolChat.of(model)
            .tools(tools)
            .choice(choice)
            .parallelToolCalls(parallel)
            .rendering(ChatOptions.defaults().withRenderOptions(rendering));
    Optional<TextConstraint> constraint = text.constraint();
    if (constraint.isPresent()) {
      chat = chat.text(constraint.get());
    }
    try {
      ToolRequest request = chat.request(conversation.messages(), options);
      // Vocabulary data of a constraint is computed here, not between steps of the model.
      request
          .options()
          .constraint()
          .ifPresent(made -> made.begin(model.tokenizer().tokenBytes(), false));
      return request;
    } catch (TemplateException | ChatException e) {
      throw Fault.of(e, input);
    } catch (IllegalArgumentException e) {
      String parameter = tools.isEmpty() ? text.name() : TOOLS;
      throw Fault.parameter(parameter, String.valueOf(e.getMessage()));
    }
  }
}
