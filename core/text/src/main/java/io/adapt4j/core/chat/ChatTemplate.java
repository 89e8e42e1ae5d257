package io.adapt4j.core.chat;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.jinja.Rendered;
import io.adapt4j.jinja.Template;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A model's chat template, or several templates by name, with the special tokens they use.
 *
 * <p>Without a name in the options, a template called {@code tool_use} is used if there are tools,
 * else the one called {@code default}, as in Transformers. Immutable and thread-safe.
 */
public final class ChatTemplate {

  static final String DEFAULT = "default";
  private static final String TOOL_USE = "tool_use";

  private final String origin;
  private final Map<String, Template> templates;
  private final Map<String, Object> specialTokens;

  ChatTemplate(String origin, Map<String, Template> templates, Map<String, ?> specialTokens) {
    this.origin = origin;
    this.templates = new LinkedHashMap<>(templates);
    this.specialTokens = PlainValues.copy(specialTokens);
  }

  /**
   * Creates a chat template from its source.
   *
   * @param source the template, in Jinja
   * @param specialTokens values of {@code bos_token}, {@code eos_token} and the like
   * @return the chat template
   * @throws io.adapt4j.jinja.TemplateException if the source is not valid
   */
  public static ChatTemplate of(String source, Map<String, String> specialTokens) {
    Objects.requireNonNull(source, "source");
    return new ChatTemplate(
        "the chat template",
        Map.of(DEFAULT, Template.parse("chat template", source)),
        specialTokens);
  }

  /**
   * Reads the chat template of a model folder with the lookup order of Transformers: {@code
   * chat_template.jinja} and {@code additional_chat_templates/NAME.jinja}, else {@code
   * chat_template} of {@code tokenizer_config.json} (a text or a list of names and texts), else
   * {@code chat_template.json}. Special tokens are read from {@code tokenizer_config.json}, else
   * from {@code special_tokens_map.json}.
   *
   * @param folder the model's folder
   * @return the chat template
   * @throws ChatException if the folder has no template, or a file has an unexpected form
   * @throws io.adapt4j.core.exception.CheckpointException if a JSON file cannot be read
   * @throws io.adapt4j.jinja.TemplateException if a template is not valid
   */
  public static ChatTemplate read(Path folder) {
    return find(folder)
        .orElseThrow(
            () ->
                new ChatException(
                    folder
                        + ": expected a chat template (chat_template.jinja, or chat_template in"
                        + " tokenizer_config.json), found none, as is usual for base models. Give"
                        + " one with ChatTemplate.named, such as chatml, or ChatTemplate.of, the"
                        + " one of the model's instruct version for example."));
  }

  /**
   * Returns a built-in chat template. It has no special tokens: {@link #withSpecialTokensOf} adds
   * those of a model, as {@code FineTuner.Builder.chatTemplate} and {@code
   * LanguageModel.useChatTemplate} do.
   *
   * @param name one of {@link #builtInNames}; case, hyphens, dots and underscores are ignored
   * @return the chat template
   * @throws ChatException if there is no template of this name; the message lists the names
   */
  public static ChatTemplate named(String name) {
    return BuiltInTemplates.read(Objects.requireNonNull(name, "name"));
  }

  /**
   * Lists the built-in chat templates.
   *
   * @return their names, such as {@code chatml} and {@code llama3}, sorted
   */
  public static List<String> builtInNames() {
    return BuiltInTemplates.NAMES;
  }

  /**
   * Resolves a chat template by name or path: a built-in template, else a Jinja file, else a model
   * folder with a template.
   *
   * @param nameOrPath the name or the path
   * @return the chat template; without special tokens if it is from a file
   * @throws ChatException if it is none of these, or the folder has no template
   * @throws io.adapt4j.jinja.TemplateException if the template is not valid
   */
  public static ChatTemplate resolve(String nameOrPath) {
    return TemplateFiles.resolve(Objects.requireNonNull(nameOrPath, "nameOrPath"), Path.of(""));
  }

  /**
   * Resolves a chat template by name or path, as {@link #resolve(String)} does.
   *
   * @param base folder against which relative paths are resolved
   * @return the chat template
   * @throws ChatException if it is none of these, or the folder has no template
   * @throws io.adapt4j.jinja.TemplateException if the template is not valid
   */
  public static ChatTemplate resolve(String nameOrPath, Path base) {
    return TemplateFiles.resolve(Objects.requireNonNull(nameOrPath, "nameOrPath"), base);
  }

  /**
   * Returns this template with a model's special tokens, unless it already has some.
   *
   * @return the template to use with that model
   * @throws io.adapt4j.core.exception.CheckpointException if a JSON file of the folder cannot be
   *     read
   */
  public ChatTemplate withSpecialTokensOf(Path folder) {
    return specialTokens.isEmpty()
        ? new ChatTemplate(origin, templates, SpecialTokenTexts.read(folder))
        : this;
  }

  /**
   * Returns the built-in name of the template.
   *
   * @return one of {@link #builtInNames}; empty for all others
   */
  public Optional<String> builtInName() {
    return BuiltInTemplates.nameOf(sources());
  }

  /** {@return the templates' texts} */
  public Map<String, String> sources() {
    Map<String, String> sources = new LinkedHashMap<>();
    templates.forEach((name, template) -> sources.put(name, template.source()));
    return sources;
  }

  /**
   * Creates a chat template from several named sources.
   *
   * @param sources Jinja by name; one is usually called {@code default}
   * @return the chat template, without special tokens
   * @throws io.adapt4j.jinja.TemplateException if a source is not valid
   * @throws ChatException if there are none
   */
  public static ChatTemplate ofSources(Map<String, String> sources) {
    if (sources.isEmpty()) {
      throw new ChatException("chat template: expected a text, found none");
    }
    Map<String, Template> templates = new LinkedHashMap<>();
    sources.forEach((name, source) -> templates.put(name, Template.parse("chat template", source)));
    return new ChatTemplate("the chat template", templates, Map.of());
  }

  /**
   * Reads the chat template of a model folder if it has one.
   *
   * @return the chat template, or empty if the folder has none
   * @throws ChatException if a file has an unexpected form
   * @throws io.adapt4j.core.exception.CheckpointException if a JSON file cannot be read
   * @throws io.adapt4j.jinja.TemplateException if a template is not valid
   */
  public static Optional<ChatTemplate> find(Path folder) {
    return TemplateFiles.find(folder);
  }

  /** {@return the names of the templates; a single template is called {@code default}} */
  public Set<String> names() {
    return Set.copyOf(templates.keySet());
  }

  /**
   * Returns the special tokens that the templates can use.
   *
   * @return texts by name, such as {@code eos_token}; {@code additional_special_tokens} is a list
   */
  public Map<String, Object> specialTokens() {
    return specialTokens;
  }

  /**
   * Computes a hash that identifies this template: the SHA-256 of its text without a final line
   * feed, or, of several templates, of their names and texts.
   *
   * @return 64 hexadecimal digits
   */
  public String digest() {
    MessageDigest digest = FileDigest.sha256();
    boolean single = templates.keySet().equals(Set.of(DEFAULT));
    for (Map.Entry<String, Template> entry : new TreeMap<>(templates).entrySet()) {
      String name = single ? "" : entry.getKey() + "\0";
      String end = single ? "" : "\0";
      digest.update((name + text(entry.getValue()) + end).getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Jinja ignores a final line feed, and some programs add one. */
  private static String text(Template template) {
    String source = template.source();
    return source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
  }

  /**
   * Saves the template where {@link #read} and Transformers find it. A template in the folder's
   * {@code tokenizer_config.json} is removed, since some programs look only there.
   *
   * @param folder a folder of a model or an adapter
   * @throws ChatException if writing fails
   */
  public void save(Path folder) {
    for (Map.Entry<String, Template> entry : templates.entrySet()) {
      Path file = TemplateFiles.file(folder, entry.getKey());
      try {
        AtomicFiles.writeText(file, entry.getValue().source());
      } catch (IOException e) {
        throw new ChatException(
            file + ": writing failed: " + WriteFailure.explain(file, e) + ".", e);
      }
    }
    // Last, so that a template exists at all times.
    TemplateFiles.dropField(folder);
  }

  /**
   * Renders a conversation as text.
   *
   * @param messages the conversation
   * @param options how to render it
   * @return the text
   * @throws io.adapt4j.jinja.TemplateException if the template fails or refuses the conversation
   * @throws ChatException if there is no such template, or the final message cannot be continued
   */
  public String render(List<ChatMessage> messages, ChatOptions options) {
    return options.continuesFinalMessage()
        ? Continuation.render(this, messages, options).text()
        : rendered(messages, options).text();
  }

  /**
   * Renders a conversation as text and finds the spans to train on: the output of {@code {%
   * generation %}} blocks, or, if the template has none, the text that each message of the role
   * {@code assistant} contributes, including the end of its turn.
   *
   * @return the text and the spans
   * @throws io.adapt4j.jinja.TemplateException if the template fails or refuses the conversation
   * @throws ChatException if there is no such template, the final message cannot be continued, or
   *     the bounds of a message cannot be found
   */
  public RenderedChat renderWithSpans(List<ChatMessage> messages, ChatOptions options) {
    return AssistantSpans.render(this, messages, options);
  }

  Template template(ChatOptions options) {
    String name =
        options
            .templateName()
            .orElse(
                options.tools().isPresent() && templates.containsKey(TOOL_USE)
                    ? TOOL_USE
                    : DEFAULT);
    Template template = templates.get(name);
    if (template == null) {
      throw new ChatException(
          ("%s: expected a template called '%s', found %s. Choose one of these with"
                  + " ChatOptions.withTemplateName.")
              .formatted(origin, name, templates.keySet()));
    }
    return template;
  }

  /** Renders without continuing the final message. */
  Rendered rendered(List<ChatMessage> messages, ChatOptions options) {
    Map<String, Object> variables = new LinkedHashMap<>(specialTokens);
    variables.putAll(options.variables());
    variables.put("messages", messages.stream().map(ChatMessage::fields).toList());
    variables.put("tools", options.tools().orElse(null));
    variables.put("documents", options.documents().orElse(null));
    variables.put("add_generation_prompt", options.addsGenerationPrompt());
    return template(options).render(variables, options.renderOptions());
  }
}
