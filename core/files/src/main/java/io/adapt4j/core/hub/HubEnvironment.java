package io.adapt4j.core.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Environment variables of the Python client, with the same precedence. An empty variable counts as
 * unset. Paths may begin with {@code ~} and contain {@code $NAME} or {@code ${NAME}}.
 */
final class HubEnvironment {

  static final String DEFAULT_ENDPOINT = "https://huggingface.co";

  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern VARIABLE = Pattern.compile("\\$(?:\\{(\\w+)}|(\\w+))");

  private final Map<String, String> variables;

  HubEnvironment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  String endpoint() {
    return get("HF_ENDPOINT").orElse(DEFAULT_ENDPOINT);
  }

  boolean offline() {
    return get("HF_HUB_OFFLINE")
        .or(() -> get("TRANSFORMERS_OFFLINE"))
        .map(this::isTrue)
        .orElse(false);
  }

  Path cache() {
    return get("HF_HUB_CACHE")
        .or(() -> get("HUGGINGFACE_HUB_CACHE"))
        .map(this::path)
        .orElseGet(() -> home().resolve("hub"));
  }

  /** Returns the token of the environment, else of the token file of a login. */
  Optional<String> token() {
    if (get("HF_HUB_DISABLE_IMPLICIT_TOKEN").map(this::isTrue).orElse(false)) {
      return Optional.empty();
    }
    return get("HF_TOKEN")
        .or(() -> get("HUGGING_FACE_HUB_TOKEN"))
        .map(HubEnvironment::clean)
        .filter(token -> !token.isEmpty())
        .or(this::tokenOfFile);
  }

  private Optional<String> tokenOfFile() {
    Path file = get("HF_TOKEN_PATH").map(this::path).orElseGet(() -> home().resolve("token"));
    try {
      return Optional.of(clean(Files.readString(file))).filter(token -> !token.isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HubException(
          "the token file " + file + " cannot be read; set HF_TOKEN or mend the file", e);
    }
  }

  private Path home() {
    return get("HF_HOME")
        .map(this::path)
        .orElseGet(
            () ->
                get("XDG_CACHE_HOME")
                    .map(this::path)
                    .orElseGet(() -> userHome().resolve(".cache"))
                    .resolve("huggingface"));
  }

  private Path path(String value) {
    String expanded =
        VARIABLE
            .matcher(value)
            .replaceAll(
                match -> {
                  String name = match.group(1) != null ? match.group(1) : match.group(2);
                  return Matcher.quoteReplacement(variables.getOrDefault(name, match.group()));
                });
    if (expanded.equals("~")) {
      return userHome();
    }
    return expanded.startsWith("~/")
        ? userHome().resolve(expanded.substring(2))
        : Path.of(expanded);
  }

  private Path userHome() {
    return Path.of(get("HOME").orElseGet(() -> System.getProperty("user.home")));
  }

  private Optional<String> get(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  private boolean isTrue(String value) {
    return TRUE.contains(value.strip().toUpperCase(Locale.ROOT));
  }

  private static String clean(String token) {
    return token.replace("\r", "").replace("\n", "").strip();
  }
}
