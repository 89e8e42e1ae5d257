package io.adapt4j.gguf;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.gguf.format.GgufException;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.write.TurnTexts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An Ollama Modelfile, for {@code ollama create NAME -f Modelfile}. Ollama uses Go templates. One
 * is written if the model's chat template puts the same text around every message of a role, which
 * is verified by rendering a conversation; otherwise Ollama infers its template from the one in the
 * GGUF file.
 *
 * <p>Immutable.
 */
public final class Modelfile {

  /** The name Ollama expects. */
  public static final String FILE = "Modelfile";

  /** Default limit of the context length: Ollama reserves memory for the whole context. */
  private static final int CONTEXT = 8192;

  private static final String QUOTES = "\"\"\"";

  private static final Pattern TOKEN = Pattern.compile("^\\s*(<[^<>\\s]+>|\\[/?[A-Z_]+])");

  private final Optional<String> system;
  private final OptionalInt contextLength;

  private Modelfile(Optional<String> system, OptionalInt contextLength) {
    this.system = system;
    this.contextLength = contextLength;
  }

  /** {@return a Modelfile derived from the model's files} */
  public static Modelfile standard() {
    return new Modelfile(Optional.empty(), OptionalInt.empty());
  }

  /**
   * Sets the system message.
   *
   * @param text the message
   * @return a changed copy
   * @throws IllegalArgumentException if it contains three quotation marks, which would end the text
   */
  public Modelfile system(String text) {
    Texts.require("text", text);
    if (text.contains(QUOTES)) {
      throw new IllegalArgumentException("system: expected no " + QUOTES + " in the text");
    }
    return new Modelfile(Optional.of(text), contextLength);
  }

  /**
   * Sets the context length. Defaults to the model's, but at most 8,192 tokens.
   *
   * @param tokens maximum number of tokens, at least 1
   * @return a changed copy
   */
  public Modelfile contextLength(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("contextLength: expected at least 1, found " + tokens);
    }
    return new Modelfile(system, OptionalInt.of(tokens));
  }

  /** Writes the Modelfile into the folder of a GGUF file. */
  Path write(Path gguf, GgufMetadata metadata, Optional<ChatTemplate> template, Path checkpoint) {
    Path file = gguf.resolveSibling(FILE);
    try {
      AtomicFiles.writeText(
          file,
          text(
              String.valueOf(gguf.getFileName()),
              metadata,
              template.map(found -> found.withSpecialTokensOf(checkpoint)),
              license(checkpoint)));
    } catch (IOException e) {
      throw new GgufException(file + ": writing failed: " + WriteFailure.explain(file, e) + ".", e);
    }
    return file;
  }

  private static Optional<String> license(Path checkpoint) throws IOException {
    Path file = checkpoint.resolve("LICENSE");
    return Files.isRegularFile(file)
        ? Optional.of(Files.readString(file)).filter(text -> !text.contains(QUOTES))
        : Optional.empty();
  }

  String text(
      String name,
      GgufMetadata metadata,
      Optional<ChatTemplate> template,
      Optional<String> license) {
    StringBuilder text = new StringBuilder("FROM ./").append(name).append('\n');
    Optional<TurnTexts> turns =
        template.flatMap(found -> TurnTexts.of(found, bos(metadata))).filter(Modelfile::fits);
    turns.ifPresent(found -> block(text, "TEMPLATE", template(found)));
    turns
        .map(Modelfile::stops)
        .orElse(Set.of())
        .forEach(stop -> parameter(text, "stop", quoted(stop)));
    parameter(text, "num_ctx", String.valueOf(contextLength.orElse(ofModel(metadata))));
    number(metadata, "temp").ifPresent(value -> parameter(text, "temperature", value));
    number(metadata, "top_p").ifPresent(value -> parameter(text, "top_p", value));
    number(metadata, "top_k").ifPresent(value -> parameter(text, "top_k", value));
    system
        .or(() -> turns.map(TurnTexts::defaultSystem).filter(said -> !said.isEmpty()))
        .ifPresent(said -> block(text, "SYSTEM", said));
    license
        .or(() -> metadata.string("general.license"))
        .ifPresent(said -> block(text, "LICENSE", said));
    return text.toString();
  }

  private static String bos(GgufMetadata metadata) {
    List<String> tokens = metadata.strings("tokenizer.ggml.tokens").orElse(List.of());
    long id = metadata.integer("tokenizer.ggml.bos_token_id").orElse(-1);
    return id >= 0 && id < tokens.size() ? tokens.get((int) id) : "";
  }

  private static int ofModel(GgufMetadata metadata) {
    String architecture = metadata.string("general.architecture").orElse("");
    long length = metadata.integer(architecture + ".context_length").orElse(CONTEXT);
    return (int) Math.min(CONTEXT, length);
  }

  private static Optional<String> number(GgufMetadata metadata, String key) {
    String whole = "general.sampling." + key;
    if (metadata.integer(whole).isPresent()) {
      return Optional.of(String.valueOf(metadata.integer(whole).getAsLong()));
    }
    return metadata.number(whole).isPresent()
        ? Optional.of(Float.toString((float) metadata.number(whole).getAsDouble()))
        : Optional.empty();
  }

  /** Returns whether the texts can be embedded in a Go template. */
  private static boolean fits(TurnTexts turns) {
    String all = template(turns).replace("{{ ", "").replace(" }}", "") + turns.defaultSystem();
    return !all.contains("{{") && !all.contains("}}") && !all.contains(QUOTES);
  }

  private static String template(TurnTexts turns) {
    StringBuilder template = new StringBuilder("{{ range .Messages }}");
    turns.system().ifPresent(around -> branch(template, "if", "system", around));
    branch(template, turns.system().isPresent() ? "else if" : "if", "user", turns.user());
    branch(template, "else if", "assistant", turns.assistant());
    return template.append("{{ end }}{{ end }}").append(turns.answer()).toString();
  }

  private static void branch(
      StringBuilder template, String keyword, String role, TurnTexts.Around around) {
    template
        .append("{{ %s eq .Role \"%s\" }}".formatted(keyword, role))
        .append(around.before())
        .append("{{ .Content }}")
        .append(around.after());
  }

  /** Returns the stop strings: the end of an answer, and the start of the next message. */
  private static Set<String> stops(TurnTexts turns) {
    Set<String> stops = new LinkedHashSet<>();
    String end = turns.assistant().after().strip();
    if (!end.isEmpty()) {
      stops.add(end);
    }
    Matcher next = TOKEN.matcher(turns.user().before());
    if (next.find()) {
      stops.add(next.group(1));
    }
    return stops;
  }

  private static void parameter(StringBuilder text, String name, String value) {
    text.append("PARAMETER ").append(name).append(' ').append(value).append('\n');
  }

  private static void block(StringBuilder text, String name, String content) {
    text.append(name).append(' ').append(QUOTES).append(content).append(QUOTES).append('\n');
  }

  private static String quoted(String value) {
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}
