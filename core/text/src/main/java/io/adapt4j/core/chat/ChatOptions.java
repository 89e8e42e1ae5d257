package io.adapt4j.core.chat;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.jinja.RenderOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Options for rendering a conversation. Immutable; {@code with} methods give changed copies.
 *
 * <pre>{@code
 * ChatOptions options = ChatOptions.defaults().withGenerationPrompt().with("enable_thinking", false);
 * }</pre>
 */
public final class ChatOptions {

  private static final ChatOptions DEFAULTS =
      new ChatOptions(Ending.NONE, null, null, Map.of(), null, RenderOptions.defaults());

  /** The end of the rendered text. */
  private enum Ending {
    /** The end of the last message. */
    NONE,
    /** A generation prompt: the beginning of an answer. */
    GENERATION_PROMPT,
    /** The last message without its end, for the model to continue from. */
    CONTINUED_MESSAGE
  }

  private final Ending ending;
  private final @Nullable List<Map<String, Object>> tools;
  private final @Nullable List<Map<String, Object>> documents;
  private final Map<String, Object> variables;
  private final @Nullable String templateName;
  private final RenderOptions renderOptions;

  private ChatOptions(
      Ending ending,
      @Nullable List<Map<String, Object>> tools,
      @Nullable List<Map<String, Object>> documents,
      Map<String, Object> variables,
      @Nullable String templateName,
      RenderOptions renderOptions) {
    this.ending = ending;
    this.tools = tools;
    this.documents = documents;
    this.variables = variables;
    this.templateName = templateName;
    this.renderOptions = renderOptions;
  }

  /**
   * {@return the defaults: no generation prompt, no continued message, no tools, no documents, no
   * further variables, the default template and limits}
   */
  public static ChatOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy that ends the text with a generation prompt, the beginning of an answer.
   *
   * @return the copy
   * @throws IllegalStateException if the final message is continued
   */
  public ChatOptions withGenerationPrompt() {
    requireNo(Ending.CONTINUED_MESSAGE);
    return withEnding(Ending.GENERATION_PROMPT);
  }

  /**
   * Returns a copy that ends the text with the last message's content, without the end of its turn,
   * for the model to continue.
   *
   * @return the copy
   * @throws IllegalStateException if a generation prompt is added
   */
  public ChatOptions withContinuedFinalMessage() {
    requireNo(Ending.GENERATION_PROMPT);
    return withEnding(Ending.CONTINUED_MESSAGE);
  }

  private void requireNo(Ending other) {
    if (ending == other) {
      throw new IllegalStateException(
          "a generation prompt begins a new message, so the final message cannot be continued too;"
              + " choose one");
    }
  }

  private ChatOptions withEnding(Ending newEnding) {
    return new ChatOptions(newEnding, tools, documents, variables, templateName, renderOptions);
  }

  /**
   * Returns a copy with tools that the model may call.
   *
   * @param newTools JSON schemas as the model's card describes them, copied at every level
   * @return the copy
   */
  public ChatOptions withTools(List<? extends Map<String, ?>> newTools) {
    Texts.requireAll("newTools", newTools);
    return new ChatOptions(
        ending, copies(newTools), documents, variables, templateName, renderOptions);
  }

  /** {@return a copy without tools} */
  public ChatOptions withoutTools() {
    return new ChatOptions(ending, null, documents, variables, templateName, renderOptions);
  }

  /**
   * Returns a copy with documents to answer from.
   *
   * @param newDocuments maps, usually with {@code title} and {@code text}, copied at every level
   * @return the copy
   */
  public ChatOptions withDocuments(List<? extends Map<String, ?>> newDocuments) {
    Texts.requireAll("newDocuments", newDocuments);
    return new ChatOptions(
        ending, tools, copies(newDocuments), variables, templateName, renderOptions);
  }

  /**
   * Returns a copy with a further variable for the template, such as {@code enable_thinking}. It
   * overrides a special token of the same name.
   *
   * @param variable its name
   * @param value its value, copied at every level
   * @return the copy
   * @throws IllegalArgumentException if this class has its own method for the variable
   */
  public ChatOptions with(String variable, Object value) {
    if (List.of("messages", "tools", "documents", "add_generation_prompt").contains(variable)) {
      throw new IllegalArgumentException(
          "the variable '" + variable + "' has its own parameter; use that");
    }
    Map<String, Object> changed = new LinkedHashMap<>(variables);
    changed.put(variable, value);
    return new ChatOptions(
        ending, tools, documents, PlainValues.copy(changed), templateName, renderOptions);
  }

  /**
   * Returns a copy that uses one of a model's several templates.
   *
   * @param name the template's name, such as {@code rag}
   * @return the copy
   */
  public ChatOptions withTemplateName(String name) {
    Objects.requireNonNull(name, "name");
    return new ChatOptions(ending, tools, documents, variables, name, renderOptions);
  }

  /**
   * Returns a copy with another clock or other limits.
   *
   * @param newRenderOptions the clock and the limits
   * @return the copy
   */
  public ChatOptions withRenderOptions(RenderOptions newRenderOptions) {
    Objects.requireNonNull(newRenderOptions, "renderOptions");
    return new ChatOptions(ending, tools, documents, variables, templateName, newRenderOptions);
  }

  private static List<Map<String, Object>> copies(List<? extends Map<String, ?>> maps) {
    return maps.stream().<Map<String, Object>>map(PlainValues::copy).toList();
  }

  /** {@return whether the text ends with the beginning of an answer} */
  public boolean addsGenerationPrompt() {
    return ending == Ending.GENERATION_PROMPT;
  }

  /** {@return whether the text ends with the last message's content} */
  public boolean continuesFinalMessage() {
    return ending == Ending.CONTINUED_MESSAGE;
  }

  /**
   * Returns the tools that the model may call.
   *
   * @return an immutable list, or empty if none were given
   */
  public Optional<List<Map<String, Object>>> tools() {
    return Optional.ofNullable(tools);
  }

  /**
   * Returns the documents to answer from.
   *
   * @return an immutable list, or empty if none were given
   */
  public Optional<List<Map<String, Object>>> documents() {
    return Optional.ofNullable(documents);
  }

  /** {@return further variables for the template} */
  public Map<String, Object> variables() {
    return variables;
  }

  /**
   * Returns the name of the template to use.
   *
   * @return one of the model's templates, or empty to choose by whether there are tools
   */
  public Optional<String> templateName() {
    return Optional.ofNullable(templateName);
  }

  /** {@return the clock and the limits of the template} */
  public RenderOptions renderOptions() {
    return renderOptions;
  }

  /**
   * Returns a copy that ends with the last message or with the beginning of an answer, whatever
   * these options say.
   *
   * @param generationPrompt whether the text ends with the beginning of an answer
   * @return the copy
   */
  public ChatOptions withGenerationPrompt(boolean generationPrompt) {
    return withEnding(generationPrompt ? Ending.GENERATION_PROMPT : Ending.NONE);
  }
}
